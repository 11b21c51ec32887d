package iotflow

import (
	"context"
	"errors"
	"math"
	"testing"
	"testing/synctest"

	"google.golang.org/protobuf/proto"

	iotflowv1 "iotflow/clients/go/iotflow/v1"
)

// newCommands has the commands of one stream that sends nothing.
func newCommands(handler CommandHandler) *commandQueue {
	commands := newCommandQueue(handler)
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
		got := commandResult(&iotflowv1.Command{Id: 7}, func() (map[string]any, error) { return result, nil })
		if got.GetState() != iotflowv1.CommandOutcomeFailed || got.GetResult().GetFields()["error"].GetStringValue() == "" {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestErrorOfAHandlerCanBeSent(t *testing.T) {
	got := commandResult(&iotflowv1.Command{Id: 7}, func() (map[string]any, error) { return nil, errors.New("broken \xff") })
	if _, err := proto.Marshal(got); err != nil || got.GetState() != iotflowv1.CommandOutcomeFailed {
		t.Errorf("%v: %v", got, err)
	}
}
