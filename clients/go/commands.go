package iotflow

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"google.golang.org/protobuf/types/known/structpb"

	iotflowv1 "iotflow/clients/go/iotflow/v1"
)

// keptResults is the number of commands whose results are kept, to answer repeated deliveries. More commands do not wait for
// the handler, and more results not for the server.
const keptResults = 1000

const (
	// The server takes no larger results. The message of a failure has fewer bytes, whatever its characters are.
	largestResult  = 65_536
	longestFailure = 4096
)

// CommandHandler executes a command and returns its result, of at most 65,536 bytes as JSON, or an error, which is logged, and
// reported as `failed` with its message. So is a panic. The context ends with HandleCommands.
type CommandHandler func(ctx context.Context, command *iotflowv1.Command) (result map[string]any, err error)

// HandleCommands hands commands to the handler, one after the other and each once, and sends their results, until the
// context ends. It connects again after failures, and returns errors that no retry mends. A handler that still runs then
// is not waited for.
func (c *Client) HandleCommands(ctx context.Context, handler CommandHandler) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	commands := newCommandQueue(handler, c.logger)
	go commands.execute(ctx)
	return c.follow(ctx, "commands", func(ctx context.Context, received func()) error {
		call, err := c.device().StreamCommands(ctx)
		if err != nil {
			return err
		}
		return commands.exchange(ctx, call, received)
	}, nil)
}

type commandCall = interface {
	Send(*iotflowv1.StreamCommandsRequest) error
	Recv() (*iotflowv1.StreamCommandsResponse, error)
}

// commandQueue has the commands that wait for the handler, and the results of the last ones.
type commandQueue struct {
	handler CommandHandler
	logger  *slog.Logger
	// waiting has a token while there are commands.
	waiting chan struct{}
	// places has a token for each command that waits.
	places chan struct{}

	mu       sync.Mutex
	commands []*iotflowv1.Command
	// results has nil for a command without a result yet. order has its keys, oldest first.
	results map[int64]*iotflowv1.StreamCommandsRequest
	order   []int64
	// again has the results that the server could not store.
	again []*iotflowv1.StreamCommandsRequest
	// outgoing has the results for the present stream.
	outgoing *resultQueue
}

func newCommandQueue(handler CommandHandler, logger *slog.Logger) *commandQueue {
	return &commandQueue{
		handler: handler, logger: logger, results: map[int64]*iotflowv1.StreamCommandsRequest{},
		waiting: make(chan struct{}, 1), places: make(chan struct{}, keptResults-1),
	}
}

// exchange runs one stream: results go out, commands and receipts come in.
func (q *commandQueue) exchange(ctx context.Context, call commandCall, received func()) error {
	outgoing := &resultQueue{changed: make(chan struct{}, 1)}
	q.mu.Lock()
	q.outgoing = outgoing
	outgoing.add(q.again...)
	q.again = nil
	q.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	// The call's own context ends with the caller, so that a blocked Send ends as well.
	defer cancel()
	go outgoing.send(ctx, call)
	for {
		answer, err := call.Recv()
		if err != nil {
			return err
		}
		received()
		if command := answer.GetCommand(); command != nil {
			if err := q.take(ctx, command); err != nil {
				return err
			}
		} else if receipt := answer.GetReceipt(); receipt.GetRetryable() {
			q.repeatLater(receipt.GetCommandId())
		} else if receipt.GetReason() != "" {
			q.giveUp(receipt)
		}
	}
}

// take queues a new command, and answers one whose result is known. While too many commands wait, it waits, and the server
// keeps the others: a command that is forgotten before its end would be executed again.
func (q *commandQueue) take(ctx context.Context, command *iotflowv1.Command) error {
	if q.isKnown(command) {
		return nil
	}
	select {
	case q.places <- struct{}{}:
	case <-ctx.Done():
		return contextError(ctx)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.results[command.GetId()] = nil
	q.order = append(q.order, command.GetId())
	if len(q.order) > keptResults {
		delete(q.results, q.order[0])
		q.order = q.order[1:]
	}
	q.commands = append(q.commands, command)
	wake(q.waiting)
	return nil
}

// isKnown tells whether the command was delivered before, and sends its result again where it has one.
func (q *commandQueue) isKnown(command *iotflowv1.Command) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	result, known := q.results[command.GetId()]
	if result != nil {
		q.outgoing.add(result)
	}
	return known
}

// execute calls the handler for each command.
func (q *commandQueue) execute(ctx context.Context) {
	for {
		select {
		case <-q.waiting:
		case <-ctx.Done():
			return
		}
		for command := q.first(); command != nil && ctx.Err() == nil; command = q.first() {
			q.finish(q.result(ctx, command))
		}
	}
}

func (q *commandQueue) first() *iotflowv1.Command {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.commands) == 0 {
		return nil
	}
	first := q.commands[0]
	q.commands = q.commands[1:]
	<-q.places
	return first
}

func (q *commandQueue) finish(result *iotflowv1.StreamCommandsRequest) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, known := q.results[result.GetCommandId()]; known {
		q.results[result.GetCommandId()] = result
	}
	q.outgoing.add(result)
}

func (q *commandQueue) repeatLater(id int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if result := q.results[id]; result != nil {
		q.again = newest(append(q.again, result))
	}
}

// giveUp lets a command fail whose result the server rejects for good: without another answer, it would stay open.
func (q *commandQueue) giveUp(receipt *iotflowv1.CommandReceipt) {
	q.logger.Warn("result_rejected", "command", receipt.GetCommandId(), "reason", receipt.GetReason(), "error", receipt.GetMessage())
	q.mu.Lock()
	defer q.mu.Unlock()
	if result := q.results[receipt.GetCommandId()]; result.GetState() == iotflowv1.CommandOutcomeSucceeded {
		q.results[receipt.GetCommandId()] = failedResult(receipt.GetCommandId(), receipt.GetMessage())
		q.outgoing.add(q.results[receipt.GetCommandId()])
	}
}

// result is what the server gets about a command.
func (q *commandQueue) result(ctx context.Context, command *iotflowv1.Command) *iotflowv1.StreamCommandsRequest {
	answer := &iotflowv1.StreamCommandsRequest{CommandId: command.GetId(), State: iotflowv1.CommandOutcomeSucceeded}
	result, err := withoutPanic(func() (map[string]any, error) { return q.handler(ctx, command) })
	if err == nil {
		answer.Result, err = resultObject(result)
	}
	if err != nil {
		q.logger.Warn("command_failed", "command", command.GetId(), "error", err)
		return failedResult(command.GetId(), err.Error())
	}
	return answer
}

// failedResult has the message as far as the server takes it.
func failedResult(id int64, message string) *iotflowv1.StreamCommandsRequest {
	letters := []rune(strings.ToValidUTF8(message, "\uFFFD"))
	text := structpb.NewStringValue(string(letters[:min(len(letters), longestFailure)]))
	return &iotflowv1.StreamCommandsRequest{
		CommandId: id, State: iotflowv1.CommandOutcomeFailed,
		Result: &structpb.Struct{Fields: map[string]*structpb.Value{"error": text}},
	}
}

// resultObject fails where the server would not take the result.
func resultObject(result map[string]any) (*structpb.Struct, error) {
	object, err := jsonObject(result)
	if err != nil {
		return nil, err
	}
	if size := jsonSize(object); size > largestResult {
		return nil, fmt.Errorf("the result has %d bytes as JSON; %d are the limit", size, largestResult)
	}
	return object, nil
}

// resultQueue has the results that one stream sends.
type resultQueue struct {
	changed chan struct{}

	mu      sync.Mutex
	results []*iotflowv1.StreamCommandsRequest
}

func (q *resultQueue) add(results ...*iotflowv1.StreamCommandsRequest) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.results = newest(append(q.results, results...))
	wake(q.changed)
}

// newest forgets the oldest results where there are too many: the server delivers their commands again.
func newest(results []*iotflowv1.StreamCommandsRequest) []*iotflowv1.StreamCommandsRequest {
	return results[max(len(results)-keptResults, 0):]
}

// send sends until the stream ends. What is not sent is asked for again: the server delivers the command once more.
func (q *resultQueue) send(ctx context.Context, call commandCall) {
	for {
		select {
		case <-q.changed:
		case <-ctx.Done():
			return
		}
		q.mu.Lock()
		results := q.results
		q.results = nil
		q.mu.Unlock()
		for _, result := range results {
			if call.Send(result) != nil {
				return
			}
		}
	}
}

// wake leaves a token where there is none.
func wake(token chan struct{}) {
	select {
	case token <- struct{}{}:
	default:
	}
}
