package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/grpc/codes"

	iotflow "iotflow/clients/go"
	iotflowv1 "iotflow/clients/go/iotflow/v1"
)

// testee has one connection and one writer at a time.
type testee struct {
	out     *output
	context context.Context
	newKeys chan newKeyRequest

	mu          sync.Mutex
	client      *iotflow.Client
	writer      *iotflow.Writer
	unsubscribe context.CancelFunc
}

func newTestee(ctx context.Context, out *output) *testee {
	return &testee{out: out, context: ctx, newKeys: make(chan newKeyRequest, 100)}
}

func (t *testee) handlers() map[string]handler {
	return map[string]handler{
		"hello":              taking(t.hello),
		"connect":            taking(t.connect),
		"new_key":            taking(t.newKey),
		"writer.open":        calling(t, t.openWriter),
		"writer.add":         taking(t.add),
		"writer.add_columns": taking(t.addColumns),
		"writer.flush":       taking(t.flush),
		"writer.close":       taking(t.closeWriter),
		"writer.status":      taking(t.status),
		"latest":             calling(t, t.latest),
		"range":              calling(t, t.readRange),
		"aggregate":          calling(t, t.aggregate),
		"read":               calling(t, t.read),
		"subscribe":          calling(t, t.subscribe),
		"unsubscribe":        taking(t.endSubscription),
		"register":           calling(t, t.register),
		"heartbeat":          calling(t, t.heartbeat),
		"config.watch":       calling(t, t.watchConfig),
		"config.report":      calling(t, t.reportConfig),
		"commands.handle":    calling(t, t.handleCommands),
		"rotate":             calling(t, t.rotate),
		"devices.list":       calling(t, t.listDevices),
		"encode":             taking(t.encode),
		"decode":             taking(t.decode),
		"clock.now":          calling(t, t.clockNow),
	}
}

func (t *testee) hello(context.Context, struct{}) (any, error) {
	skips := object{"clock_steps": "the Go runtime does not read the clock through the C library, which the test replaces"}
	return object{"language": "go", "version": iotflow.Version, "skips": skips}, nil
}

type connectRequest struct {
	Target string
	APIKey string `json:"api_key"`
	Token  string
	TLS    *struct{ CA, Certificate, Key string }
}

func (t *testee) connect(_ context.Context, request connectRequest) (any, error) {
	config := iotflow.Config{
		APIKey: request.APIKey, Token: request.Token, Logger: slog.Default(), OnCredentialWanted: t.credentialWanted,
	}
	if request.TLS != nil {
		config.TLS = &iotflow.TLS{
			AuthorityFile: request.TLS.CA, CertificateFile: request.TLS.Certificate, KeyFile: request.TLS.Key,
		}
	}
	client, err := iotflow.New(request.Target, config)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.client != nil {
		if err := t.client.Close(); err != nil {
			return nil, err
		}
	}
	t.client = client
	return object{}, nil
}

func (t *testee) credentialWanted(ctx context.Context, rejected *iotflow.Error) (string, error) {
	t.out.event("credential_wanted", object{"reason": rejected.Reason})
	select {
	case answer := <-t.newKeys:
		if answer.Fails != "" {
			panic(answer.Fails)
		}
		return answer.APIKey, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

type newKeyRequest struct {
	APIKey string `json:"api_key"`
	Fails  string
}

func (t *testee) newKey(_ context.Context, request newKeyRequest) (any, error) {
	t.newKeys <- request
	return object{}, nil
}

func (t *testee) connected() *iotflow.Client {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.client
}

// calling makes a handler of one that needs a connection.
func calling[Request any](t *testee, handle func(context.Context, Request) (any, error)) handler {
	return func(ctx context.Context, line json.RawMessage) (any, error) {
		if t.connected() == nil {
			return nil, &iotflow.Error{Code: codes.FailedPrecondition, Message: "There is no connection. Connect first."}
		}
		return taking(handle)(ctx, line)
	}
}

func (t *testee) openedWriter() (*iotflow.Writer, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.writer == nil {
		return nil, &iotflow.Error{Code: codes.FailedPrecondition, Message: "No writer is open."}
	}
	return t.writer, nil
}

var policies = map[string]iotflow.Policy{
	"":            iotflow.PolicyWait,
	"wait":        iotflow.PolicyWait,
	"refuse":      iotflow.PolicyRefuse,
	"drop_oldest": iotflow.PolicyDropOldest,
	"drop_newest": iotflow.PolicyDropNewest,
	"sample":      iotflow.PolicySample,
}

type writerRequest struct {
	Folder   string
	Limit    int64
	Policy   string
	Rows     int
	Bytes    int
	AgeMS    int `json:"age_ms"`
	Window   int
	Clock    string
	Throwing bool
}

// after panics where the handlers have to.
func (r writerRequest) after() {
	if r.Throwing {
		panic("The handler throws.")
	}
}

func (t *testee) openWriter(_ context.Context, request writerRequest) (any, error) {
	config := iotflow.WriterConfig{
		Folder: request.Folder, QueueLimit: request.Limit, Policy: policies[request.Policy], BatchRows: request.Rows,
		BatchBytes: request.Bytes, BatchAge: milliseconds(request.AgeMS), Window: request.Window,
		OnRejected: func(rejection *iotflowv1.Rejection) {
			t.rejected(rejection)
			request.after()
		},
		OnDropped: func(dropped iotflow.Dropped) {
			t.dropped(dropped)
			request.after()
		},
		OnInterrupted: func(err *iotflow.Error, pause time.Duration) {
			t.interrupted(err, pause)
			request.after()
		},
	}
	if request.Clock == "server" {
		config.Clock = iotflow.ServerTime
	}
	writer, err := t.connected().NewWriter(config)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.writer = writer
	return object{}, nil
}

func (t *testee) rejected(rejection *iotflowv1.Rejection) {
	t.out.event("rejected", object{
		"sequence": rejection.GetSequence(), "index": rejection.GetIndex(), "count": rejection.GetCount(),
		"measurement": rejection.GetMeasurement(), "reason": rejection.GetReason(), "retryable": rejection.GetRetryable(),
	})
}

func (t *testee) dropped(dropped iotflow.Dropped) {
	t.out.event("dropped", object{"rows": dropped.Rows, "reason": dropped.Reason})
}

func (t *testee) interrupted(err *iotflow.Error, pause time.Duration) {
	t.out.event("interrupted", object{
		"code": iotflow.StatusWord(err.Code), "reason": err.Reason, "message": err.Message, "delay_ms": pause.Milliseconds(),
	})
}

type addRequest struct {
	DeviceID     int32 `json:"device_id"`
	Start        *int64
	Step         int64
	Count        int
	First        float64
	Measurements []string
}

func (t *testee) add(ctx context.Context, request addRequest) (any, error) {
	writer, err := t.openedWriter()
	if err != nil {
		return nil, err
	}
	values := make([]iotflow.Value, len(request.Measurements))
	for i := range request.Count {
		for j, measurement := range request.Measurements {
			values[j] = iotflow.Float64(measurement, request.First+float64(i))
		}
		row := iotflow.Row{DeviceID: request.DeviceID, Values: values}
		if request.Start != nil {
			row.Time = time.UnixMilli(*request.Start + int64(i)*request.Step)
		}
		if err := writer.Add(ctx, row); err != nil {
			return nil, err
		}
	}
	return object{"added": request.Count}, nil
}

type columnsRequest struct {
	DeviceID   int32 `json:"device_id"`
	Timestamps []int64
	Columns    map[string]columnForm
}

func (t *testee) addColumns(ctx context.Context, request columnsRequest) (any, error) {
	writer, err := t.openedWriter()
	if err != nil {
		return nil, err
	}
	columns := iotflow.Columns{DeviceID: request.DeviceID, Times: request.Timestamps}
	for measurement, form := range request.Columns {
		form.Measurement = measurement
		column, err := form.column()
		if err != nil {
			return nil, err
		}
		columns.Columns = append(columns.Columns, column)
	}
	return object{"added": len(request.Timestamps)}, writer.AddColumns(ctx, columns)
}

type deadlineRequest struct {
	DeadlineMS int `json:"deadline_ms"`
}

func (t *testee) flush(ctx context.Context, request deadlineRequest) (any, error) {
	writer, err := t.openedWriter()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, milliseconds(request.DeadlineMS))
	defer cancel()
	return object{}, writer.Flush(ctx)
}

func (t *testee) closeWriter(ctx context.Context, request deadlineRequest) (any, error) {
	writer, err := t.openedWriter()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, milliseconds(request.DeadlineMS))
	defer cancel()
	return object{}, writer.Close(ctx)
}

func (t *testee) status(context.Context, struct{}) (any, error) {
	writer, err := t.openedWriter()
	if err != nil {
		return nil, err
	}
	status := writer.Status()
	return object{
		"queued_rows": status.QueuedRows, "queued_bytes": status.QueuedBytes, "acknowledged_rows": status.AcknowledgedRows,
		"rejected": status.RejectedValues, "dropped_rows": status.DroppedRows, "interruptions": status.Interruptions,
	}, nil
}

func (t *testee) clockNow(ctx context.Context, _ struct{}) (any, error) {
	clock := t.connected().Clock()
	now, known := clock.Now()
	if !known {
		if err := clock.Synchronize(ctx); err != nil {
			return nil, err
		}
		now, _ = clock.Now()
	}
	return object{"milliseconds": now.UnixMilli()}, nil
}

func milliseconds(count int) time.Duration { return time.Duration(count) * time.Millisecond }

// follow runs a stream until the testee ends, and logs its error.
func (t *testee) follow(name string, run func(context.Context) error) {
	go func() {
		if err := run(t.context); err != nil && !errors.Is(err, context.Canceled) {
			slog.Error("stream_ended", "stream", name, "error", err)
		}
	}()
}
