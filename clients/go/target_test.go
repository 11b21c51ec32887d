package iotflow_test

import (
	"errors"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	iotflow "iotflow/clients/go"
)

func TestTargetOfAnotherFormIsAnErrorAtOnce(t *testing.T) {
	for _, target := range []string{"", "localhost", "http://localhost:50051", "localhost:0", "localhost:65536", "::1:50051", "[::g]:1"} {
		client, err := iotflow.New(target, iotflow.Config{})
		var failure *iotflow.Error
		if client != nil || !errors.As(err, &failure) {
			t.Fatalf("%q: client %v, error %v", target, client, err)
		}
		if failure.Code != codes.InvalidArgument || failure.Field != "target" || failure.Retryable {
			t.Errorf("%q: error %+v", target, failure)
		}
	}
}

func TestTargetIsANameOrAnAddressWithAPort(t *testing.T) {
	for _, target := range []string{"localhost:1", "iot_server.example.com:65535", "127.0.0.1:50051", "[2001:db8::1]:50051"} {
		newClient(t, target, iotflow.Config{})
	}
}

func TestErrorOfAConnectionNamesTheTargetAndTheCause(t *testing.T) {
	for target, cause := range map[string]string{
		unreachable: "connection refused", "no-such-host.invalid:50051": "lookup no-such-host.invalid",
	} {
		client := newClient(t, target, iotflow.Config{})
		_, err := client.Latest(t.Context(), 1)
		for _, part := range []string{"to " + target + " failed", cause} {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("error %v without %q", err, part)
			}
		}
	}
}
