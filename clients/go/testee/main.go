// Command testee is driven by the conformance tests of all clients: it reads requests from its standard input, a JSON
// object in each line, and writes answers and events to its standard output. See clients/conformance/README.md.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"

	"google.golang.org/grpc/codes"

	iotflow "iotflow/clients/go"
)

const longestLine = 64 << 20

type object = map[string]any

// handler answers one request.
type handler func(ctx context.Context, request json.RawMessage) (any, error)

// output writes one JSON object in each line.
type output struct {
	mu      sync.Mutex
	encoder *json.Encoder
}

func (o *output) write(message object) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.encoder.Encode(message); err != nil {
		slog.Error("output_closed", "error", err)
	}
}

func (o *output) event(name string, facts object) {
	facts["event"] = name
	o.write(facts)
}

func main() {
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err := serve(context.Background()); err != nil {
		slog.Error("testee_failed", "error", err)
		os.Exit(1)
	}
}

// serve answers requests until the end of the input. Requests run concurrently.
func serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	out := &output{encoder: json.NewEncoder(os.Stdout)}
	handlers := newTestee(ctx, out).handlers()
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 0, 64<<10), longestLine)
	for lines.Scan() {
		line := append(json.RawMessage(nil), lines.Bytes()...)
		var request struct {
			ID int
			Do string
		}
		if err := json.Unmarshal(line, &request); err != nil {
			return err
		}
		handle, known := handlers[request.Do]
		if !known {
			return fmt.Errorf("unknown request %q", request.Do)
		}
		go func() { out.write(answer(ctx, request.ID, handle, line)) }()
	}
	return lines.Err()
}

func answer(ctx context.Context, id int, handle handler, line json.RawMessage) object {
	result, err := handle(ctx, line)
	if err != nil {
		return object{"id": id, "error": errorFields(err)}
	}
	return object{"id": id, "result": result}
}

func errorFields(err error) object {
	var failure *iotflow.Error
	if !errors.As(err, &failure) {
		failure = &iotflow.Error{Code: codes.Internal, Message: err.Error()}
	}
	fields := object{
		"code": iotflow.StatusWord(failure.Code), "reason": failure.Reason, "message": failure.Message, "field": failure.Field,
		"retryable": failure.Retryable, "retry_after": nil, "request_id": failure.RequestID,
	}
	if failure.RetryAfter > 0 {
		fields["retry_after"] = failure.RetryAfter.Seconds()
	}
	return fields
}

// taking makes a handler of a function that takes the fields of a request.
func taking[Request any](handle func(context.Context, Request) (any, error)) handler {
	return func(ctx context.Context, line json.RawMessage) (any, error) {
		var request Request
		if err := json.Unmarshal(line, &request); err != nil {
			return nil, err
		}
		return handle(ctx, request)
	}
}
