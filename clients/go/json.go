package iotflow

import (
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"
)

// jsonObject returns the object as the contract carries it. It fails where JSON cannot express a value, such as NaN.
func jsonObject(values map[string]any) (*structpb.Struct, error) {
	object, err := structpb.NewStruct(values)
	if err != nil {
		return nil, err
	}
	// NewStruct takes numbers that are not finite.
	_, err = protojson.Marshal(object)
	return object, err
}
