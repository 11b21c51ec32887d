package iotflow

import (
	"context"
	"iter"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Page is an answer with a part of a list.
type Page interface {
	proto.Message
	GetNextPageToken() string
}

// Pages calls a method of a stub until it has returned the last page. It works with every method whose request has a
// page_token:
//
//	fleet := iotflowv1.NewFleetServiceClient(client.Conn())
//	for page, err := range iotflow.Pages(ctx, fleet.ListDevices, &iotflowv1.ListDevicesRequest{}) {
//		…
//	}
//
// After an error the iteration ends.
func Pages[Request proto.Message, Answer Page](
	ctx context.Context,
	method func(context.Context, Request, ...grpc.CallOption) (Answer, error),
	request Request,
) iter.Seq2[Answer, error] {
	return func(yield func(Answer, error) bool) {
		next := proto.Clone(request).(Request)
		message := next.ProtoReflect()
		token := message.Descriptor().Fields().ByName("page_token")
		for {
			answer, err := method(ctx, next)
			if !yield(answer, err) || err != nil || answer.GetNextPageToken() == "" {
				return
			}
			message.Set(token, protoreflect.ValueOfString(answer.GetNextPageToken()))
		}
	}
}
