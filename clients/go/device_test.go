package iotflow_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"

	iotflow "iotflow/clients/go"
	iotflowv1 "iotflow/clients/go/iotflow/v1"
)

func TestKeyIsSavedBeforeItIsUsed(t *testing.T) {
	s := newServer(t)
	client := newClient(t, s.target, iotflow.Config{})
	if _, err := client.Register(t.Context(), &iotflowv1.RegisterDeviceRequest{Name: "boiler"}); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("the flash memory is full")
	if err := client.RotateKey(t.Context(), func(context.Context, string) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	// The old key is still used.
	s.setKey("first")
	if _, err := client.Heartbeat(t.Context(), iotflowv1.PresenceOnline); err != nil {
		t.Error(err)
	}
	saved := ""
	err := client.RotateKey(t.Context(), func(_ context.Context, apiKey string) error {
		saved = apiKey
		return nil
	})
	if err != nil || saved != "second" {
		t.Errorf("error %v, saved %q", err, saved)
	}
	if _, err := client.Heartbeat(t.Context(), iotflowv1.PresenceOnline); err != nil {
		t.Error(err)
	}
}

func TestCommandIsHandledOnce(t *testing.T) {
	s := newServer(t)
	parameters := &structpb.Struct{Fields: map[string]*structpb.Value{"times": structpb.NewNumberValue(3)}}
	blink := &iotflowv1.Command{Id: 1, Name: "blink", Parameters: parameters}
	s.commands = []*iotflowv1.Command{blink, blink, {Id: 2, Name: "fail"}}
	client := newClient(t, s.target, iotflow.Config{})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	handled := 0
	err := client.HandleCommands(ctx, func(_ context.Context, command *iotflowv1.Command) (map[string]any, error) {
		handled++
		if command.GetName() == "fail" {
			defer cancel()
			return nil, errors.New("no such action")
		}
		return command.GetParameters().AsMap(), nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if handled != 2 {
		t.Errorf("%d commands were handled", handled)
	}
}

func TestAnswerOfSomethingElseEndsNoCommands(t *testing.T) {
	s := newServer(t)
	s.commands = []*iotflowv1.Command{{Id: 1, Name: "blink"}}
	for _, code := range []codes.Code{codes.Unauthenticated, codes.PermissionDenied, codes.Unimplemented} {
		s.failures = append(s.failures, status.Error(code, "Please log in."))
	}
	client := newClient(t, s.target, iotflow.Config{
		OnCredentialWanted: func(context.Context, *iotflow.Error) (string, error) {
			t.Error("a key is asked for")
			return "", nil
		},
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err := client.HandleCommands(ctx, func(context.Context, *iotflowv1.Command) (map[string]any, error) {
		cancel()
		return nil, nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestConfigurationThatJSONCannotExpressIsAnError(t *testing.T) {
	client := newClient(t, unreachable, iotflow.Config{})
	err := client.ReportConfig(t.Context(), map[string]any{"level": math.NaN()})
	expectField(t, err, "configuration", "level")
}
