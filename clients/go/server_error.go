package iotflow

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// Reasons of errors that the client itself makes. Those of the server are in package iotflowv1.
const (
	// ReasonQueueFull: the queue is full, and its policy is PolicyRefuse.
	ReasonQueueFull = "QUEUE_FULL"
	// ReasonQueueInUse: another writer has the folder of the queue.
	ReasonQueueInUse = "QUEUE_IN_USE"
	// ReasonQueueOfAnotherDevice: the folder of the queue has batches of another device than that of the key.
	ReasonQueueOfAnotherDevice = "QUEUE_OF_ANOTHER_DEVICE"
	// ReasonAnswerTooLarge: an answer has more than 64 MiB.
	ReasonAnswerTooLarge = "ANSWER_TOO_LARGE"
)

const (
	errorDomain       = "iotflow"
	reasonKeyReplaced = "KEY_REPLACED"
	// The only sign of grpc-go that it rejected an answer itself.
	answerTooLarge = "grpc: received message "
)

// Error is the error of every call of this package. Get it with [errors.As].
type Error struct {
	// Code is the gRPC status.
	Code codes.Code
	// Reason is a word for programs, such as WRONG_KEY. It is empty where the error is not the server's.
	Reason string
	// Message is a sentence for people.
	Message string
	// Field names the invalid field of the request, or is empty.
	Field string
	// Retryable tells whether the same request may succeed later.
	Retryable bool
	// RetryAfter is the server's wish how long to wait before a retry, or 0.
	RetryAfter time.Duration
	// RequestID identifies the call in the server's log, or is empty.
	RequestID string

	cause error
}

// Error returns the message with the reason or the status.
func (e *Error) Error() string {
	word := e.Reason
	if word == "" {
		word = e.Code.String()
	}
	return fmt.Sprintf("%s (%s)", e.Message, word)
}

// Unwrap returns the error of the context that ended the call, or nil.
func (e *Error) Unwrap() error { return e.cause }

// GRPCStatus makes the error known to package google.golang.org/grpc/status.
func (e *Error) GRPCStatus() *status.Status { return status.New(e.Code, e.Message) }

// with returns the error with another sentence in its message.
func (e *Error) with(sentence string) *Error {
	changed := *e
	changed.Message += " " + sentence
	return &changed
}

// wantsCredential tells whether a new key may help.
func (e *Error) wantsCredential() bool {
	return e.Code == codes.Unauthenticated && !e.isForeign() || e.Code == codes.PermissionDenied && e.Reason == reasonKeyReplaced
}

// isForeign tells whether something else answered in place of the service, such as a captive portal with HTTP 401, 403 or
// 404. Those of the service have a reason.
func (e *Error) isForeign() bool {
	switch e.Code {
	case codes.Unauthenticated, codes.PermissionDenied, codes.Unimplemented:
		return e.Reason == ""
	default:
		return false
	}
}

// isInterruption tells whether a stream that ended with the error is opened again. An answer that is too large tells nothing
// about what was sent, and a new stream begins with less on the way.
func (e *Error) isInterruption() bool {
	return e.Retryable || e.isForeign() || e.Reason == ReasonAnswerTooLarge
}

// blamesBatch tells whether a stream may have ended because of a batch.
func (e *Error) blamesBatch() bool {
	switch e.Code {
	case codes.InvalidArgument, codes.OutOfRange, codes.ResourceExhausted:
		return !e.isInterruption()
	default:
		return false
	}
}

// isTransient tells whether a status without the server's details comes from the connection or a proxy.
func isTransient(code codes.Code) bool {
	switch code {
	case codes.Unavailable, codes.Internal, codes.Unknown, codes.Canceled, codes.Aborted, codes.DeadlineExceeded:
		return true
	default:
		return false
	}
}

// contextError returns the error of a call whose context has ended.
func contextError(ctx context.Context) *Error {
	cause := ctx.Err()
	if errors.Is(cause, context.DeadlineExceeded) {
		return &Error{Code: codes.DeadlineExceeded, Message: "The deadline passed.", Retryable: true, cause: cause}
	}
	return &Error{Code: codes.Canceled, Message: "The call was cancelled.", Retryable: true, cause: cause}
}

// asError returns the error of a call with its google.rpc details and what its metadata say.
func asError(ctx context.Context, err error, metadatas ...metadata.MD) *Error {
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	state, ok := status.FromError(err)
	if !ok {
		state = status.New(codes.Unknown, err.Error())
	}
	result := &Error{Code: state.Code(), Message: state.Message(), Retryable: isTransient(state.Code()), cause: ctx.Err()}
	if result.Message == "" {
		result.Message = state.Code().String()
	}
	if state.Code() == codes.ResourceExhausted && strings.HasPrefix(state.Message(), answerTooLarge) {
		result.Reason = ReasonAnswerTooLarge
	}
	result.readMetadata(metadatas)
	result.readDetails(state.Details())
	return result
}

func (e *Error) readDetails(details []any) {
	for _, detail := range details {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			e.Reason = detail.GetReason()
			if field := detail.GetMetadata()["field"]; field != "" {
				e.Field = field
			}
			if detail.GetDomain() == errorDomain {
				e.Retryable = detail.GetMetadata()["retryable"] == "true"
			}
		case *errdetails.BadRequest:
			if violations := detail.GetFieldViolations(); e.Field == "" && len(violations) > 0 {
				e.Field = violations[0].GetField()
			}
		case *errdetails.RetryInfo:
			e.RetryAfter = max(detail.GetRetryDelay().AsDuration(), 0)
		}
	}
}

func (e *Error) readMetadata(metadatas []metadata.MD) {
	for _, values := range metadatas {
		if ids := values.Get("x-request-id"); len(ids) > 0 {
			e.RequestID = ids[0]
		}
		// The header may also contain a date, which is ignored.
		for _, header := range values.Get("retry-after") {
			// Of a number that is too large, the largest one is returned with the error.
			if seconds, err := strconv.ParseUint(header, 10, 31); err == nil || errors.Is(err, strconv.ErrRange) {
				e.RetryAfter = time.Duration(seconds) * time.Second
			}
		}
	}
}
