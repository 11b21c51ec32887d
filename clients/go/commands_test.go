package iotflow

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"strings"
	"testing"
	"testing/synctest"

	"google.golang.org/protobuf/proto"

	iotflowv1 "iotflow/clients/go/iotflow/v1"
)

// newCommands has the commands of one stream that sends nothing.
func newCommands(handler CommandHandler) *commandQueue {
	commands := newCommandQueue(handler, slog.New(slog.DiscardHandler))
	commands.outgoing = &resultQueue{changed: make(chan struct{}, 1)}
	return commands
}

func TestResultsForALaterStreamAreBounded(t *testing.T) {
	commands := newCommands(nil)
	for id := range int64(3 * keptResults) {
		commands.results[id] = &iotflowv1.StreamCommandsRequest{CommandId: id}
		commands.repeatLater(id)
	}
	if len(commands.again) != keptResults || commands.again[0].GetCommandId() != 2*keptResults {
		t.Errorf("%d results, the first is %v", len(commands.again), commands.again[0])
	}
}

// The server delivers a known command again and again, and takes no result.
func TestResultsForABlockedStreamAreBounded(t *testing.T) {
	commands := newCommands(nil)
	commands.results[1] = &iotflowv1.StreamCommandsRequest{CommandId: 1}
	for range 3 * keptResults {
		if err := commands.take(t.Context(), &iotflowv1.Command{Id: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(commands.outgoing.results); got != keptResults {
		t.Errorf("%d results", got)
	}
}

// While the handler works, commands wait in bounded number, and each is executed once whatever the server delivers again.
func TestWaitingCommandsAreBoundedAndExecutedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const count = 3 * keptResults
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		begin, executed := make(chan struct{}), map[int64]int{}
		commands := newCommands(func(_ context.Context, command *iotflowv1.Command) (map[string]any, error) {
			<-begin
			executed[command.GetId()]++
			return nil, nil
		})
		go commands.execute(ctx)
		taken := 0
		go func() {
			for id := range int64(count) {
				for range 2 {
					if commands.take(ctx, &iotflowv1.Command{Id: id}) != nil {
						return
					}
				}
				taken++
			}
		}()
		synctest.Wait()
		if taken != keptResults {
			t.Errorf("%d commands were taken", taken)
		}
		// The first ones come again, as after a break.
		for id := range int64(taken) {
			if err := commands.take(ctx, &iotflowv1.Command{Id: id}); err != nil {
				t.Fatal(err)
			}
		}
		close(begin)
		synctest.Wait()
		if len(executed) != count {
			t.Errorf("%d commands were executed", len(executed))
		}
		for id, times := range executed {
			if times != 1 {
				t.Fatalf("command %d was executed %d times", id, times)
			}
		}
	})
}

func TestResultThatJSONCannotExpressFailsItsCommand(t *testing.T) {
	for name, result := range map[string]map[string]any{
		"NaN": {"level": math.NaN()}, "infinite": {"levels": []any{1.0, map[string]any{"a": math.Inf(-1)}}},
		"text": {"text": "\xff"}, "key": {"\xff": 1}, "type": {"channel": make(chan int)},
	} {
		got := resultOf(t, result, nil)
		if got.GetState() != iotflowv1.CommandOutcomeFailed || got.GetResult().GetFields()["error"].GetStringValue() == "" {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestErrorOfAHandlerCanBeSent(t *testing.T) {
	got := resultOf(t, nil, errors.New("broken \xff"))
	if _, err := proto.Marshal(got); err != nil || got.GetState() != iotflowv1.CommandOutcomeFailed {
		t.Errorf("%v: %v", got, err)
	}
	long := resultOf(t, nil, errors.New(strings.Repeat("ü", 1<<20)))
	if got := long.GetResult().GetFields()["error"].GetStringValue(); got != strings.Repeat("ü", longestFailure) {
		t.Errorf("%d bytes of a message are sent", len(got))
	}
}

// The server takes 65,536 bytes of JSON, in which ü has 6 bytes and 😀 has 12.
func TestResultBeyondTheLimitFailsItsCommand(t *testing.T) {
	for _, test := range []struct {
		letter string
		most   int
	}{{"x", 65_525}, {"\n", 32_762}, {"ü", 10_920}, {"😀", 5460}, {"\u007f", 10_920}, {"<", 65_525}} {
		for count, want := range map[int]string{
			test.most: iotflowv1.CommandOutcomeSucceeded, test.most + 1: iotflowv1.CommandOutcomeFailed,
		} {
			got := resultOf(t, map[string]any{"text": strings.Repeat(test.letter, count)}, nil)
			if got.GetState() != want {
				t.Errorf("%d times %q: %s", count, test.letter, got.GetState())
			}
		}
	}
}

func TestCommandWhoseResultIsRejectedFailsOnce(t *testing.T) {
	commands := newCommands(nil)
	commands.results[7] = &iotflowv1.StreamCommandsRequest{CommandId: 7, State: iotflowv1.CommandOutcomeSucceeded}
	for range 2 {
		commands.giveUp(&iotflowv1.CommandReceipt{CommandId: 7, Reason: "WRONG_VALUE", Message: "It is wrong."})
		commands.giveUp(&iotflowv1.CommandReceipt{CommandId: 8, Reason: "WRONG_VALUE", Message: "It is wrong."})
	}
	want := failedResult(7, "It is wrong.")
	if got := commands.outgoing.results; len(got) != 1 || !proto.Equal(got[0], want) || !proto.Equal(commands.results[7], want) {
		t.Errorf("%v", got)
	}
}

func TestPanicOfAHandlerFailsItsCommand(t *testing.T) {
	commands := newCommands(func(context.Context, *iotflowv1.Command) (map[string]any, error) { panic("broken") })
	got := commands.result(t.Context(), &iotflowv1.Command{Id: 7})
	if got.GetState() != iotflowv1.CommandOutcomeFailed || got.GetResult().GetFields()["error"].GetStringValue() != "broken" {
		t.Errorf("%v", got)
	}
}

func resultOf(t *testing.T, result map[string]any, err error) *iotflowv1.StreamCommandsRequest {
	t.Helper()
	handler := func(context.Context, *iotflowv1.Command) (map[string]any, error) { return result, err }
	return newCommands(handler).result(t.Context(), &iotflowv1.Command{Id: 7})
}
