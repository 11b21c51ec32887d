package iotflow_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	iotflow "iotflow/clients/go"
)

// ownedServer knows the keys of devices 1 and 2.
func ownedServer(t *testing.T) *server {
	t.Helper()
	s := newServer(t)
	s.devices = map[string]int32{"first": 1, "second": 2}
	return s
}

// writerWithKey writes to the folder.
func writerWithKey(t *testing.T, target, key, folder string) *iotflow.Writer {
	t.Helper()
	return newWriter(t, newClient(t, target, iotflow.Config{APIKey: key}), iotflow.WriterConfig{Folder: folder, BatchRows: 10})
}

// leaveRows lets the folder have rows that are not sent, and the file `device` with this content, or none.
func leaveRows(t *testing.T, folder, device string) {
	t.Helper()
	away := writerWithKey(t, unreachable, "first", folder)
	if err := add(t, away, 0, 20); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_ = away.Close(ctx)
	if device != "" {
		write(t, filepath.Join(folder, "device"), device)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func expectOwner(t *testing.T, folder, expected string) {
	t.Helper()
	if got, err := os.ReadFile(filepath.Join(folder, "device")); err != nil || string(got) != expected {
		t.Errorf("the folder is of device %q: %v", got, err)
	}
}

func TestQueueOfAnotherDeviceIsKept(t *testing.T) {
	s, folder := ownedServer(t), t.TempDir()
	leaveRows(t, folder, "1\n")
	refused := writerWithKey(t, s.target, "second", folder)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err := refused.Flush(ctx)
	var failure *iotflow.Error
	if !errors.As(err, &failure) || failure.Code != codes.FailedPrecondition || failure.Retryable ||
		failure.Reason != iotflow.ReasonQueueOfAnotherDevice {
		t.Fatalf("error %v", err)
	}
	for _, part := range []string{folder, "device 1", "device 2"} {
		if !strings.Contains(failure.Message, part) {
			t.Errorf("the message %q has no %q", failure.Message, part)
		}
	}
	if err := refused.Close(ctx); !errors.As(err, &failure) || failure.Reason != iotflow.ReasonQueueOfAnotherDevice {
		t.Errorf("close: %v", err)
	}
	expectTimes(t, s, 0, 0)
	expectOwner(t, folder, "1\n")
	flush(t, writerWithKey(t, s.target, "first", folder))
	expectTimes(t, s, 0, 20)
}

func TestNewKeyOfAnotherDeviceSendsNothing(t *testing.T) {
	s, folder := ownedServer(t), t.TempDir()
	leaveRows(t, folder, "1\n")
	s.setKey("second")
	client := newClient(t, s.target, iotflow.Config{
		APIKey: "first", OnCredentialWanted: func(context.Context, *iotflow.Error) (string, error) { return "second", nil },
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err := newWriter(t, client, iotflow.WriterConfig{Folder: folder}).Flush(ctx)
	var failure *iotflow.Error
	if !errors.As(err, &failure) || failure.Reason != iotflow.ReasonQueueOfAnotherDevice {
		t.Errorf("error %v", err)
	}
	expectTimes(t, s, 0, 0)
}

func TestEachKeyOfAClientIsAskedAbout(t *testing.T) {
	s, folder := ownedServer(t), t.TempDir()
	client := newClient(t, s.target, iotflow.Config{APIKey: "first"})
	first := newWriter(t, client, iotflow.WriterConfig{Folder: folder})
	if err := errors.Join(add(t, first, -10, 10), first.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	leaveRows(t, folder, "1\n")
	if err := client.SetAPIKey("second"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err := newWriter(t, client, iotflow.WriterConfig{Folder: folder}).Flush(ctx)
	var failure *iotflow.Error
	if !errors.As(err, &failure) || failure.Reason != iotflow.ReasonQueueOfAnotherDevice || s.asked() != 2 {
		t.Errorf("error %v, asked %d times", err, s.asked())
	}
	expectTimes(t, s, -10, 10)
}

// The answer is about the key of the question, and not about one that has replaced it meanwhile.
func TestKeyThatIsReplacedDuringTheQuestionIsAskedAbout(t *testing.T) {
	for owner, expected := range map[string]int{"1\n": 0, "": 20} {
		t.Run(fmt.Sprintf("%q", owner), func(t *testing.T) {
			s, folder := ownedServer(t), t.TempDir()
			leaveRows(t, folder, owner)
			client := newClient(t, s.target, iotflow.Config{APIKey: "first"})
			s.beforeAnswer = sync.OnceFunc(func() {
				if err := client.SetAPIKey("second"); err != nil {
					t.Error(err)
				}
			})
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			err := newWriter(t, client, iotflow.WriterConfig{Folder: folder}).Flush(ctx)
			var failure *iotflow.Error
			isRefused := errors.As(err, &failure) && failure.Reason == iotflow.ReasonQueueOfAnotherDevice
			if isRefused != (expected == 0) || !isRefused && err != nil {
				t.Errorf("error %v", err)
			}
			expectTimes(t, s, 0, expected)
			if expected > 0 {
				expectOwner(t, folder, "2\n")
			}
		})
	}
}

// A folder without batches is nobody's, also for rows that are added before the server can tell whose key it is.
func TestEmptyQueueTakesTheNewDevice(t *testing.T) {
	s, folder := ownedServer(t), t.TempDir()
	first := writerWithKey(t, s.target, "first", folder)
	if err := errors.Join(add(t, first, -10, 10), first.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	expectOwner(t, folder, "1\n")
	leaveRows(t, folder, "")
	flush(t, writerWithKey(t, s.target, "second", folder))
	expectTimes(t, s, -10, 30)
	expectOwner(t, folder, "2\n")
}

func TestDamagedFileBelongsToNobody(t *testing.T) {
	for _, content := range []string{"1", "\n", "one\n", "-1\n", "1\n\n", "99999999999\n", " 1\n"} {
		t.Run(fmt.Sprintf("%q", content), func(t *testing.T) {
			s, folder := ownedServer(t), t.TempDir()
			leaveRows(t, folder, content)
			flush(t, writerWithKey(t, s.target, "second", folder))
			expectTimes(t, s, 0, 20)
			expectOwner(t, folder, "2\n")
		})
	}
}

func TestServerIsAskedOnceWhoseKeyItIs(t *testing.T) {
	for name, test := range map[string]struct {
		config   iotflow.Config
		inMemory bool
		expected int
	}{
		"folder":      {config: iotflow.Config{APIKey: "first"}, expected: 1},
		"memory":      {config: iotflow.Config{APIKey: "first"}, inMemory: true},
		"gateway":     {config: iotflow.Config{Token: "gateway"}},
		"without key": {},
	} {
		t.Run(name, func(t *testing.T) {
			s, folder := ownedServer(t), t.TempDir()
			if test.inMemory {
				folder = ""
			}
			client := newClient(t, s.target, test.config)
			for i := range 3 {
				writer := newWriter(t, client, iotflow.WriterConfig{Folder: folder})
				if err := add(t, writer, 10*i, 10); err != nil {
					t.Fatal(err)
				}
				flush(t, writer)
				if err := writer.Close(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			expectTimes(t, s, 0, 30)
			if got := s.asked(); got != test.expected {
				t.Errorf("asked %d times", got)
			}
		})
	}
}

func TestErrorOfTheQuestionIsOneOfTheStream(t *testing.T) {
	s, folder := ownedServer(t), t.TempDir()
	s.failures = []error{status.Error(codes.Unavailable, "away"), status.Error(codes.Unimplemented, "Please log in.")}
	writer := writerWithKey(t, s.target, "first", folder)
	if err := add(t, writer, 0, 10); err != nil {
		t.Fatal(err)
	}
	flush(t, writer)
	expectTimes(t, s, 0, 10)
	if got := writer.Status().Interruptions; got != 2 || s.asked() != 3 {
		t.Errorf("%d interruptions, asked %d times", got, s.asked())
	}
}

func TestPermanentErrorOfTheQuestionStopsTheWriter(t *testing.T) {
	s := ownedServer(t)
	s.failures = []error{refused(codes.PermissionDenied, "WRONG_ROLE")}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	stopped := writerWithKey(t, s.target, "second", t.TempDir())
	_ = add(t, stopped, 0, 10)
	var failure *iotflow.Error
	if err := stopped.Flush(ctx); !errors.As(err, &failure) || failure.Reason != "WRONG_ROLE" {
		t.Errorf("error %v", err)
	}
}

// Sending gives a full disk room, so it does not wait for the file.
func TestOwnerIsRecordedWhenTheDiskTakesIt(t *testing.T) {
	s, folder := ownedServer(t), t.TempDir()
	// In the place of the file, something that cannot be replaced.
	obstacle := filepath.Join(folder, "device.new", "full")
	if err := os.MkdirAll(obstacle, 0o700); err != nil {
		t.Fatal(err)
	}
	writer := writerWithKey(t, s.target, "first", folder)
	if err := add(t, writer, 0, 10); err != nil {
		t.Fatal(err)
	}
	flush(t, writer)
	if err := os.RemoveAll(filepath.Dir(obstacle)); err != nil {
		t.Fatal(err)
	}
	if err := add(t, writer, 10, 10); err != nil {
		t.Fatal(err)
	}
	flush(t, writer)
	if err := writer.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	expectTimes(t, s, 0, 20)
	expectOwner(t, folder, "1\n")
}
