package iotflow

import (
	"fmt"

	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
)

// batchCodec sends batches that are encoded already, and decodes the answers.
type batchCodec struct{}

func (batchCodec) Marshal(message any) (mem.BufferSlice, error) {
	payload, ok := message.([]byte)
	if !ok {
		return nil, fmt.Errorf("a %T is no encoded batch", message)
	}
	return mem.BufferSlice{mem.SliceBuffer(payload)}, nil
}

func (batchCodec) Unmarshal(data mem.BufferSlice, message any) error {
	answer, ok := message.(proto.Message)
	if !ok {
		return fmt.Errorf("a %T is no answer", message)
	}
	return proto.Unmarshal(data.Materialize(), answer)
}

func (batchCodec) Name() string { return "proto" }
