package iotflow_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	iotflow "iotflow/clients/go"
	iotflowv1 "iotflow/clients/go/iotflow/v1"
)

// records is a log that counts its lines.
type records struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *records) Write(line []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(line)
}

func (r *records) count(part string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Count(r.text.String(), part)
}

func (r *records) logger() *slog.Logger { return slog.New(slog.NewTextHandler(r, nil)) }

// panicking has metrics that are broken.
type panicking struct{}

func (panicking) RowsAdded(int)                             { panic("broken") }
func (panicking) RowsAcknowledged(int)                      { panic("broken") }
func (panicking) ValuesRejected(int, string)                { panic("broken") }
func (panicking) RowsDropped(int, string)                   { panic("broken") }
func (panicking) Interrupted(*iotflow.Error, time.Duration) { panic("broken") }
func (panicking) Queued(int, int64)                         { panic("broken") }

func TestPanicsOfHandlersAreLoggedAndLoseNothing(t *testing.T) {
	s, log := newServer(t), &records{}
	s.poison = "poison"
	s.failures = []error{status.Error(codes.Unavailable, "The server is away.")}
	client := newClient(t, s.target, iotflow.Config{Logger: log.logger(), Metrics: panicking{}})
	writer := newWriter(t, client, iotflow.WriterConfig{
		BatchRows:     10,
		OnRejected:    func(*iotflowv1.Rejection) { panic("broken") },
		OnInterrupted: func(*iotflow.Error, time.Duration) { panic("broken") },
	})
	bad := iotflow.Columns{Times: []int64{1, 2}, Columns: []iotflow.Column{{Measurement: "poison", Bools: []bool{true, false}}}}
	if err := writer.AddColumns(t.Context(), bad); err != nil {
		t.Fatal(err)
	}
	flush(t, writer)
	if err := add(t, writer, 0, 100); err != nil {
		t.Fatal(err)
	}
	flush(t, writer)
	expectTimes(t, s, 0, 100)
	for _, handler := range []string{"OnRejected", "OnInterrupted"} {
		if count := log.count("msg=handler_failed handler=" + handler + " error=broken"); count != 1 {
			t.Errorf("%s is logged %d times", handler, count)
		}
	}
	if log.count("handler=Metrics") < 100 {
		t.Error("the panics of metrics are not logged")
	}
}

func TestErrorOfTheCredentialHandlerIsShown(t *testing.T) {
	for name, handler := range map[string]iotflow.CredentialHandler{
		"error": func(context.Context, *iotflow.Error) (string, error) { return "", errors.New("the vault is closed") },
		"panic": func(context.Context, *iotflow.Error) (string, error) { panic("the vault is closed") },
	} {
		t.Run(name, func(t *testing.T) {
			s, log := newServer(t), &records{}
			s.setKey("new")
			client := newClient(t, s.target, iotflow.Config{APIKey: "old", Logger: log.logger(), OnCredentialWanted: handler})
			writer := newWriter(t, client, iotflow.WriterConfig{BatchRows: 10})
			err := add(t, writer, 0, 10)
			if err == nil {
				err = writer.Flush(t.Context())
			}
			var got *iotflow.Error
			if !errors.As(err, &got) || got.Code != codes.Unauthenticated || got.Reason != "WRONG_KEY" ||
				!strings.Contains(got.Message, "the vault is closed") {
				t.Errorf("%v", err)
			}
			if count := log.count("handler_failed"); count != 1 {
				t.Errorf("it is logged %d times", count)
			}
		})
	}
}

func TestDiskThatFailsIsLoggedOnceAndNamedByADeadline(t *testing.T) {
	folder, log := filepath.Join(t.TempDir(), "queue"), &records{}
	client := newClient(t, unreachable, iotflow.Config{Logger: log.logger()})
	writer := newWriter(t, client, iotflow.WriterConfig{Folder: folder, BatchRows: 10})
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	waiting := make(chan error, 1)
	go func() { waiting <- add(t, writer, 0, 10) }()
	for log.count("disk_failed") == 0 {
		time.Sleep(time.Millisecond)
	}
	for range 2 {
		ctx, cancel := context.WithTimeout(t.Context(), 1100*time.Millisecond)
		if err := writer.Flush(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "no such file") {
			t.Errorf("%v", err)
		}
		cancel()
	}
	if len(waiting) > 0 || log.count("disk_failed") != 1 {
		t.Errorf("%d calls have ended, and the error is logged %d times", len(waiting), log.count("disk_failed"))
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_ = writer.Close(ended)
	if err := <-waiting; err == nil {
		t.Error("a row was added that no disk has")
	}
}

func TestRowsCannotBeAddedOnceAWriterCloses(t *testing.T) {
	for _, folder := range []string{"", t.TempDir()} {
		writer := newWriter(t, newClient(t, unreachable, iotflow.Config{}), iotflow.WriterConfig{Folder: folder, BatchRows: 10})
		ctx, cancel := context.WithCancel(t.Context())
		closed := make(chan error, 1)
		if err := add(t, writer, 0, 5); err != nil {
			t.Fatal(err)
		}
		go func() { closed <- writer.Close(ctx) }()
		taken := 0
		for add(t, writer, 5+taken, 1) == nil {
			taken++
		}
		if queued := writer.Status().QueuedRows; queued != 5+taken {
			t.Errorf("%d rows are queued, and %d were added", queued, 5+taken)
		}
		cancel()
		if err := <-closed; err == nil {
			t.Error("a writer without a server has flushed")
		}
	}
}
