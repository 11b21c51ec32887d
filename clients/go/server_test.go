package iotflow_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	iotflowv1 "iotflow/clients/go/iotflow/v1"
)

// server keeps batches in memory. It does what the tests of this package need; the conformance tests use the real one.
type server struct {
	iotflowv1.UnimplementedTelemetryServiceServer
	iotflowv1.UnimplementedDeviceServiceServer
	target string
	now    func() time.Time

	mu  sync.Mutex
	key string
	// devices are those of the keys. heartbeats counts the calls.
	devices    map[string]int32
	heartbeats int
	// beforeAnswer is called with each heartbeat.
	beforeAnswer func()
	batches      []*iotflowv1.TelemetryBatch
	// failures end the next calls.
	failures []error
	// poison is a measurement that ends a stream.
	poison   string
	results  []*iotflowv1.StreamCommandsRequest
	commands []*iotflowv1.Command
}

// startServer serves until the test or example ends.
func startServer(cleanup func(func())) *server {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	s := &server{target: listener.Addr().String(), now: time.Now, beforeAnswer: func() {}}
	calls := grpc.NewServer()
	iotflowv1.RegisterTelemetryServiceServer(calls, s)
	iotflowv1.RegisterDeviceServiceServer(calls, s)
	var serving sync.WaitGroup
	serving.Go(func() { _ = calls.Serve(listener) })
	cleanup(func() {
		calls.Stop()
		serving.Wait()
	})
	return s
}

func newServer(t *testing.T) *server {
	t.Helper()
	return startServer(t.Cleanup)
}

// admit returns the error that the next call ends with.
func (s *server) admit(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.failures) > 0 {
		failure := s.failures[0]
		s.failures = s.failures[1:]
		return failure
	}
	if s.key != "" && keyOf(ctx) != s.key {
		return refused(codes.Unauthenticated, "WRONG_KEY")
	}
	return nil
}

// keyOf returns the key of a call, or an empty text.
func keyOf(ctx context.Context) string {
	values, _ := metadata.FromIncomingContext(ctx)
	return strings.Join(values.Get("x-api-key"), " ")
}

// refused is an error of the service, which has a reason. No retry mends it.
func refused(code codes.Code, reason string) error {
	info := &errdetails.ErrorInfo{Domain: "iotflow", Reason: reason, Metadata: map[string]string{"retryable": "false"}}
	state, err := status.New(code, "The server refused the call.").WithDetails(info)
	return errors.Join(err, state.Err())
}

// asked returns the number of heartbeats.
func (s *server) asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.heartbeats
}

func (s *server) StreamTelemetry(call iotflowv1.TelemetryService_StreamTelemetryServer) error {
	if err := s.admit(call.Context()); err != nil {
		return err
	}
	for {
		batch, err := call.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := s.store(batch); err != nil {
			return err
		}
		if err := call.Send(&iotflowv1.StreamTelemetryResponse{CommittedSequence: batch.GetSequence()}); err != nil {
			return err
		}
	}
}

func (s *server) store(batch *iotflowv1.TelemetryBatch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, column := range batch.GetColumns() {
		if s.poison != "" && column.GetMeasurement() == s.poison {
			return status.Error(codes.InvalidArgument, "The batch is invalid.")
		}
	}
	s.batches = append(s.batches, batch)
	return nil
}

// times returns the times of all stored rows.
func (s *server) times() []int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	times := []int64{}
	for _, batch := range s.batches {
		times = append(times, batch.GetTimestamps()...)
	}
	return times
}

func (s *server) setKey(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key = key
}

func (s *server) GetLatestTelemetry(
	ctx context.Context, _ *iotflowv1.GetLatestTelemetryRequest,
) (*iotflowv1.GetLatestTelemetryResponse, error) {
	if err := s.admit(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	values := map[string]any{}
	for _, batch := range s.batches {
		for _, column := range batch.GetColumns() {
			values[column.GetMeasurement()] = column.GetDoubles()[len(column.GetDoubles())-1]
		}
	}
	latest, err := structpb.NewStruct(values)
	return &iotflowv1.GetLatestTelemetryResponse{LatestData: latest}, err
}

func (s *server) RegisterDevice(
	context.Context, *iotflowv1.RegisterDeviceRequest,
) (*iotflowv1.RegisterDeviceResponse, error) {
	s.setKey("first")
	apiKey := "first"
	return &iotflowv1.RegisterDeviceResponse{Device: &iotflowv1.Device{Id: 1, ApiKey: &apiKey}}, nil
}

func (s *server) RotateApiKey(
	ctx context.Context, _ *iotflowv1.RotateApiKeyRequest,
) (*iotflowv1.RotateApiKeyResponse, error) {
	if err := s.admit(ctx); err != nil {
		return nil, err
	}
	s.setKey("second")
	return &iotflowv1.RotateApiKeyResponse{ApiKey: "second"}, nil
}

func (s *server) SendHeartbeat(
	ctx context.Context, request *iotflowv1.SendHeartbeatRequest,
) (*iotflowv1.SendHeartbeatResponse, error) {
	s.mu.Lock()
	s.heartbeats++
	s.mu.Unlock()
	if err := s.admit(ctx); err != nil {
		return nil, err
	}
	s.beforeAnswer()
	return &iotflowv1.SendHeartbeatResponse{
		Timestamp: timestamppb.New(s.now()), Status: request.GetStatus().GetStringValue(), DeviceId: s.devices[keyOf(ctx)],
	}, nil
}

func (s *server) StreamCommands(call iotflowv1.DeviceService_StreamCommandsServer) error {
	if err := s.admit(call.Context()); err != nil {
		return err
	}
	for _, command := range s.commands {
		event := &iotflowv1.StreamCommandsResponse_Command{Command: command}
		if err := call.Send(&iotflowv1.StreamCommandsResponse{Event: event}); err != nil {
			return err
		}
	}
	for {
		result, err := call.Recv()
		if err != nil {
			return err
		}
		s.mu.Lock()
		s.results = append(s.results, result)
		s.mu.Unlock()
		receipt := &iotflowv1.CommandReceipt{CommandId: result.GetCommandId(), State: result.GetState()}
		event := &iotflowv1.StreamCommandsResponse_Receipt{Receipt: receipt}
		if err := call.Send(&iotflowv1.StreamCommandsResponse{Event: event}); err != nil {
			return err
		}
	}
}
