package iotflow_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	iotflow "iotflow/clients/go"
)

// expectField tells whether the error is that of an argument, which it names without showing it.
func expectField(t *testing.T, err error, field, value string) {
	t.Helper()
	var failure *iotflow.Error
	if !errors.As(err, &failure) || failure.Code != codes.InvalidArgument || failure.Field != field || failure.Retryable {
		t.Fatalf("%q: error %v", value, err)
	}
	if strings.Contains(err.Error(), value) {
		t.Errorf("the error shows %q", value)
	}
}

func TestKeyOfAnotherFormIsAnErrorAtOnce(t *testing.T) {
	client := newClient(t, unreachable, iotflow.Config{})
	for _, key := range []string{"key\n", "key\r\n", " key", "a key", "key\x00", "key\x7f", "schlüssel", strings.Repeat("k", 129)} {
		_, err := iotflow.New(unreachable, iotflow.Config{APIKey: key})
		expectField(t, err, "api_key", key)
		expectField(t, client.SetAPIKey(key), "api_key", key)
	}
	for _, token := range []string{"token\n", "to ken", strings.Repeat("t", 4097)} {
		_, err := iotflow.New(unreachable, iotflow.Config{Token: token})
		expectField(t, err, "token", token)
	}
}

func TestPrintableKeysAreTaken(t *testing.T) {
	for _, key := range []string{"", "k", "!~", strings.Repeat("k", 128)} {
		client := newClient(t, unreachable, iotflow.Config{APIKey: key, Token: strings.Repeat("t", 4096)})
		if err := client.SetAPIKey(key); err != nil {
			t.Errorf("%q: %v", key, err)
		}
	}
}

func TestKeyOfTheHandlerIsChecked(t *testing.T) {
	s := newServer(t)
	s.setKey("new")
	client := newClient(t, s.target, iotflow.Config{
		APIKey: "old", OnCredentialWanted: func(context.Context, *iotflow.Error) (string, error) { return "new\n", nil },
	})
	writer := newWriter(t, client, iotflow.WriterConfig{})
	_ = add(t, writer, 0, 10)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	expectField(t, writer.Flush(ctx), "api_key", "new\n")
}
