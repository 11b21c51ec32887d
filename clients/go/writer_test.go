package iotflow_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	iotflow "iotflow/clients/go"
	iotflowv1 "iotflow/clients/go/iotflow/v1"
)

// patience bounds every wait of the tests.
const patience = 20 * time.Second

// unreachable is a port that refuses connections.
const unreachable = "127.0.0.1:1"

func newClient(t *testing.T, target string, config iotflow.Config) *iotflow.Client {
	t.Helper()
	client, err := iotflow.New(target, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return client
}

func newWriter(t *testing.T, client *iotflow.Client, config iotflow.WriterConfig) *iotflow.Writer {
	t.Helper()
	if config.BatchAge == 0 {
		config.BatchAge = time.Minute
	}
	writer, err := client.NewWriter(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = writer.Close(ctx)
	})
	return writer
}

func add(t *testing.T, writer *iotflow.Writer, first, count int) error {
	t.Helper()
	for i := range count {
		row := iotflow.Row{
			Time: time.UnixMilli(int64(first + i)), Values: []iotflow.Value{iotflow.Float64("level", float64(first+i))},
		}
		if err := writer.Add(t.Context(), row); err != nil {
			return err
		}
	}
	return nil
}

func flush(t *testing.T, writer *iotflow.Writer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := writer.Flush(ctx); err != nil {
		t.Fatal(err)
	}
}

func expectTimes(t *testing.T, s *server, first, count int) {
	t.Helper()
	times := s.times()
	if len(times) != count {
		t.Fatalf("%d rows are stored, and %d are expected", len(times), count)
	}
	for i, at := range times {
		if at != int64(first+i) {
			t.Fatalf("row %d has the time %d, and %d is expected", i, at, first+i)
		}
	}
}

func TestFlushedRowsAreStoredInOrder(t *testing.T) {
	for _, folder := range []string{"", t.TempDir()} {
		s := newServer(t)
		writer := newWriter(t, newClient(t, s.target, iotflow.Config{}), iotflow.WriterConfig{Folder: folder, BatchRows: 7})
		if err := add(t, writer, 0, 1000); err != nil {
			t.Fatal(err)
		}
		flush(t, writer)
		expectTimes(t, s, 0, 1000)
		if got := writer.Status(); got.AcknowledgedRows != 1000 || got.QueuedRows != 0 || got.QueuedBytes != 0 {
			t.Errorf("status %+v", got)
		}
		if err := writer.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if err := add(t, writer, 0, 1); err == nil {
			t.Error("a closed writer takes rows")
		}
	}
}

func TestQueueOnDiskOutlivesTheWriter(t *testing.T) {
	folder := t.TempDir()
	away := newWriter(t, newClient(t, unreachable, iotflow.Config{}), iotflow.WriterConfig{Folder: folder, BatchRows: 10})
	if err := add(t, away, 0, 95); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := away.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("close: %v", err)
	}
	s := newServer(t)
	flush(t, newWriter(t, newClient(t, s.target, iotflow.Config{}), iotflow.WriterConfig{Folder: folder}))
	expectTimes(t, s, 0, 95)
}

func TestPolicies(t *testing.T) {
	for name, test := range map[string]struct {
		policy  iotflow.Policy
		refuses bool
		waits   bool
		drops   bool
	}{
		"wait":        {policy: iotflow.PolicyWait, waits: true},
		"refuse":      {policy: iotflow.PolicyRefuse, refuses: true},
		"drop oldest": {policy: iotflow.PolicyDropOldest, drops: true},
		"drop newest": {policy: iotflow.PolicyDropNewest, drops: true},
		"sample":      {policy: iotflow.PolicySample, drops: true},
	} {
		t.Run(name, func(t *testing.T) {
			var dropped atomic.Int64
			writer := newWriter(t, newClient(t, unreachable, iotflow.Config{}), iotflow.WriterConfig{
				QueueLimit: 20_000, BatchRows: 10, Policy: test.policy,
				OnDropped: func(d iotflow.Dropped) { dropped.Add(int64(d.Rows)) },
			})
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			var err error
			for i := 0; i < 5000 && err == nil; i++ {
				err = writer.Add(ctx, iotflow.Row{Values: []iotflow.Value{iotflow.Float64("level", float64(i))}})
			}
			var failure *iotflow.Error
			if refuses := errors.As(err, &failure) && failure.Reason == iotflow.ReasonQueueFull; refuses != test.refuses {
				t.Errorf("error %v", err)
			}
			if waits := errors.Is(err, context.DeadlineExceeded); waits != test.waits {
				t.Errorf("error %v", err)
			}
			got := writer.Status()
			if got.QueuedBytes > 20_000 || test.drops != (dropped.Load() > 0) || int64(got.DroppedRows) != dropped.Load() {
				t.Errorf("status %+v, %d dropped", got, dropped.Load())
			}
			if test.drops && got.QueuedRows+got.DroppedRows != 5000 {
				t.Errorf("%d rows are queued and %d dropped", got.QueuedRows, got.DroppedRows)
			}
		})
	}
}

func TestPoisonBatchIsGivenUpAlone(t *testing.T) {
	s := newServer(t)
	s.poison = "poison"
	rejected := make(chan *iotflowv1.Rejection, 10)
	writer := newWriter(t, newClient(t, s.target, iotflow.Config{}), iotflow.WriterConfig{
		BatchRows: 10, OnRejected: func(r *iotflowv1.Rejection) { rejected <- r },
	})
	if err := add(t, writer, 0, 100); err != nil {
		t.Fatal(err)
	}
	bad := iotflow.Columns{Times: []int64{1, 2}, Columns: []iotflow.Column{{Measurement: "poison", Bools: []bool{true, false}}}}
	if err := writer.AddColumns(t.Context(), bad); err != nil {
		t.Fatal(err)
	}
	flush(t, writer)
	if err := add(t, writer, 100, 100); err != nil {
		t.Fatal(err)
	}
	flush(t, writer)
	expectTimes(t, s, 0, 200)
	got := <-rejected
	if len(rejected) > 0 || got.GetSequence() != 11 || got.GetCount() != 2 || got.GetReason() != "INVALID_ARGUMENT" {
		t.Errorf("rejection %v, and %d more", got, len(rejected))
	}
}

func TestStreamIsOpenedAgain(t *testing.T) {
	s := newServer(t)
	s.failures = []error{status.Error(codes.Unavailable, "away"), status.Error(codes.Aborted, "away")}
	var interruptions atomic.Int64
	writer := newWriter(t, newClient(t, s.target, iotflow.Config{}), iotflow.WriterConfig{
		OnInterrupted: func(*iotflow.Error, time.Duration) { interruptions.Add(1) },
	})
	if err := add(t, writer, 0, 10); err != nil {
		t.Fatal(err)
	}
	flush(t, writer)
	expectTimes(t, s, 0, 10)
	if interruptions.Load() != 2 {
		t.Errorf("%d interruptions", interruptions.Load())
	}
}

func TestPermanentErrorStopsTheWriter(t *testing.T) {
	s := newServer(t)
	s.failures = []error{refused(codes.PermissionDenied, "DEVICE_INACTIVE")}
	writer := newWriter(t, newClient(t, s.target, iotflow.Config{}), iotflow.WriterConfig{})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_ = add(t, writer, 0, 10)
	var failure *iotflow.Error
	if err := writer.Flush(ctx); !errors.As(err, &failure) || failure.Code != codes.PermissionDenied {
		t.Errorf("error %v", err)
	}
	if err := add(t, writer, 10, 1); !errors.As(err, &failure) || failure.Code != codes.PermissionDenied {
		t.Errorf("error %v", err)
	}
}

func TestNewKeyIsAskedFor(t *testing.T) {
	s := newServer(t)
	s.setKey("new")
	var asked atomic.Int64
	client := newClient(t, s.target, iotflow.Config{
		APIKey: "old", OnCredentialWanted: func(context.Context, *iotflow.Error) (string, error) {
			asked.Add(1)
			return "new", nil
		},
	})
	writer := newWriter(t, client, iotflow.WriterConfig{})
	if err := add(t, writer, 0, 10); err != nil {
		t.Fatal(err)
	}
	flush(t, writer)
	expectTimes(t, s, 0, 10)
	if asked.Load() != 1 {
		t.Errorf("asked %d times", asked.Load())
	}
}

func TestAnswersOfSomethingElseDoNotStopTheWriter(t *testing.T) {
	s := newServer(t)
	for _, code := range []codes.Code{codes.Unauthenticated, codes.PermissionDenied, codes.Unimplemented} {
		s.failures = append(s.failures, status.Error(code, "Please log in."))
	}
	asked := func(context.Context, *iotflow.Error) (string, error) {
		t.Error("a key is asked for")
		return "", nil
	}
	client := newClient(t, s.target, iotflow.Config{APIKey: "key", OnCredentialWanted: asked})
	writer := newWriter(t, client, iotflow.WriterConfig{})
	if err := add(t, writer, 0, 10); err != nil {
		t.Fatal(err)
	}
	flush(t, writer)
	expectTimes(t, s, 0, 10)
	if got := writer.Status().Interruptions; got != 3 {
		t.Errorf("%d interruptions", got)
	}
}

// A person may think for hours about a new key, and the handler need not heed its context.
func TestCloseHeedsItsDeadlineWhileAKeyIsAskedFor(t *testing.T) {
	for name, rows := range map[string]int{"with rows": 10, "without rows": 0} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.setKey("new")
			asked, end := make(chan struct{}), make(chan struct{})
			defer close(end)
			client := newClient(t, s.target, iotflow.Config{
				APIKey: "old", OnCredentialWanted: func(context.Context, *iotflow.Error) (string, error) {
					close(asked)
					<-end
					return "", nil
				},
			})
			writer := newWriter(t, client, iotflow.WriterConfig{})
			if err := add(t, writer, 0, rows); err != nil {
				t.Fatal(err)
			}
			<-asked
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			closed := make(chan error, 1)
			go func() { closed <- writer.Close(ctx) }()
			select {
			case err := <-closed:
				if isLate := errors.Is(err, context.DeadlineExceeded); isLate != (rows > 0) {
					t.Errorf("close: %v", err)
				}
			case <-time.After(patience):
				t.Fatal("close does not return")
			}
		})
	}
}

func TestCloseDoesNotWaitForAnAttemptToConnect(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	writer := newWriter(t, newClient(t, silent.Addr().String(), iotflow.Config{}), iotflow.WriterConfig{})
	// The attempt has begun.
	if _, err := silent.Accept(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := writer.Close(t.Context()); err != nil {
		t.Error(err)
	}
	// An attempt ends after 10 s.
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("close took %s", took)
	}
}

func TestDeadlineNamesTheCause(t *testing.T) {
	for name, test := range map[string]struct {
		target string
		cause  string
	}{
		"nothing listens": {unreachable, "connection refused"},
		"wrong key":       {"", "WRONG_KEY"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.setKey("new")
			interrupted := make(chan struct{}, 100)
			client := newClient(t, cmp.Or(test.target, s.target), iotflow.Config{
				APIKey: "old", OnCredentialWanted: func(ctx context.Context, _ *iotflow.Error) (string, error) {
					interrupted <- struct{}{}
					<-ctx.Done()
					return "new", nil
				},
			})
			writer := newWriter(t, client, iotflow.WriterConfig{
				OnInterrupted: func(*iotflow.Error, time.Duration) { interrupted <- struct{}{} },
			})
			if err := add(t, writer, 0, 10); err != nil {
				t.Fatal(err)
			}
			<-interrupted
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			for call, err := range map[string]error{"flush": writer.Flush(ctx), "close": writer.Close(ctx)} {
				if !errors.Is(err, context.DeadlineExceeded) || strings.Count(err.Error(), test.cause) != 1 {
					t.Errorf("%s: %v", call, err)
				}
			}
		})
	}
}

func TestServerTimeWithoutAClock(t *testing.T) {
	s := newServer(t)
	there := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	s.now = func() time.Time { return there }
	// The first heartbeat fails, so rows are added before the time is known.
	s.failures = []error{status.Error(codes.Unavailable, "away"), status.Error(codes.Unavailable, "away")}
	writer := newWriter(t, newClient(t, s.target, iotflow.Config{}), iotflow.WriterConfig{Clock: iotflow.ServerTime, BatchRows: 2})
	for range 5 {
		if err := writer.Add(t.Context(), iotflow.Row{Values: []iotflow.Value{iotflow.Bool("open", true)}}); err != nil {
			t.Fatal(err)
		}
	}
	flush(t, writer)
	times := s.times()
	if len(times) != 5 {
		t.Fatalf("%d rows", len(times))
	}
	for _, at := range times {
		if away := time.UnixMilli(at).Sub(there).Abs(); away > patience {
			t.Errorf("a row is %s away from the server's time", away)
		}
	}
}

func TestConcurrentCallers(t *testing.T) {
	s := newServer(t)
	writer := newWriter(t, newClient(t, s.target, iotflow.Config{}), iotflow.WriterConfig{BatchRows: 13, QueueLimit: 4000})
	ended := make(chan error)
	for caller := range 4 {
		go func() {
			for i := range 250 {
				value := iotflow.Int32(fmt.Sprintf("caller%d", caller), int32(i))
				if err := writer.Add(t.Context(), iotflow.Row{Values: []iotflow.Value{value}}); err != nil {
					ended <- err
					return
				}
			}
			ended <- nil
		}()
	}
	for range 4 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	flush(t, writer)
	if rows := len(s.times()); rows != 1000 {
		t.Errorf("%d rows are stored", rows)
	}
}

func TestInvalidArguments(t *testing.T) {
	writer := newWriter(t, newClient(t, unreachable, iotflow.Config{}), iotflow.WriterConfig{})
	for name, err := range map[string]error{
		"text":   writer.Add(t.Context(), iotflow.Row{Values: []iotflow.Value{iotflow.String("text", "\xff")}}),
		"column": writer.AddColumns(t.Context(), iotflow.Columns{Times: []int64{1}, Columns: []iotflow.Column{{Measurement: "column"}}}),
	} {
		var failure *iotflow.Error
		if !errors.As(err, &failure) || failure.Code != codes.InvalidArgument || failure.Field != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}
