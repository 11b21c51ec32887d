package iotflow

import (
	"errors"
	"math"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"
)

func failed(t *testing.T, code codes.Code, details ...protoadapt.MessageV1) error {
	t.Helper()
	state, err := status.New(code, "It failed.").WithDetails(details...)
	if err != nil {
		t.Fatal(err)
	}
	return state.Err()
}

func TestErrorHasTheServersDetails(t *testing.T) {
	info := &errdetails.ErrorInfo{
		Domain: errorDomain, Reason: "RATE_LIMITED", Metadata: map[string]string{"retryable": "true", "field": "rows"},
	}
	retry := &errdetails.RetryInfo{RetryDelay: durationpb.New(1500 * time.Millisecond)}
	err := error(asError(
		t.Context(), failed(t, codes.ResourceExhausted, info, retry), metadata.Pairs("x-request-id", "abc"),
	))
	var got *Error
	if !errors.As(err, &got) {
		t.Fatal("it is no *Error")
	}
	want := Error{
		Code: codes.ResourceExhausted, Reason: "RATE_LIMITED", Message: "It failed.", Field: "rows", Retryable: true,
		RetryAfter: 1500 * time.Millisecond, RequestID: "abc",
	}
	if *got != want {
		t.Errorf("error %+v", *got)
	}
	if status.Code(err) != codes.ResourceExhausted {
		t.Error("package status does not know the error")
	}
}

func TestStatusWithoutDetails(t *testing.T) {
	transient := map[codes.Code]bool{
		codes.Unavailable: true, codes.Internal: true, codes.Unknown: true, codes.Canceled: true, codes.Aborted: true,
		codes.DeadlineExceeded: true,
	}
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		if got := asError(t.Context(), failed(t, code)); got.Retryable != transient[code] || got.Reason != "" {
			t.Errorf("%s: retryable %t, reason %q", code, got.Retryable, got.Reason)
		}
	}
}

func TestRetryAfterHeader(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"2": 2 * time.Second, "-1": 0, "Wed, 21 Oct 2026 07:28:00 GMT": 0, "9223372036854775808": math.MaxInt32 * time.Second,
	} {
		got := asError(t.Context(), failed(t, codes.Unavailable), metadata.Pairs("retry-after", header))
		if got.RetryAfter != want {
			t.Errorf("%q: %s", header, got.RetryAfter)
		}
	}
}

func TestAnswerOfSomethingElseIsAnInterruption(t *testing.T) {
	foreign := map[codes.Code]bool{codes.Unauthenticated: true, codes.PermissionDenied: true, codes.Unimplemented: true}
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		info := &errdetails.ErrorInfo{Domain: errorDomain, Reason: "ANY", Metadata: map[string]string{"retryable": "false"}}
		alone, detailed := asError(t.Context(), failed(t, code)), asError(t.Context(), failed(t, code, info))
		if alone.isInterruption() != (alone.Retryable || foreign[code]) || alone.wantsCredential() {
			t.Errorf("%s without details: %t", code, alone.isInterruption())
		}
		if detailed.isInterruption() || detailed.wantsCredential() != (code == codes.Unauthenticated) {
			t.Errorf("%s with details: %t", code, detailed.isInterruption())
		}
	}
}

func TestStatusWord(t *testing.T) {
	for code, want := range map[codes.Code]string{
		codes.OK: "OK", codes.Canceled: "CANCELLED", codes.InvalidArgument: "INVALID_ARGUMENT", codes.Unavailable: "UNAVAILABLE",
	} {
		if got := StatusWord(code); got != want {
			t.Errorf("%s is %s", code, got)
		}
	}
}
