package iotflow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"

	iotflowv1 "iotflow/clients/go/iotflow/v1"
)

// The defaults of WriterConfig.
const (
	DefaultBatchRows  = 1000
	DefaultBatchBytes = 256 << 10
	DefaultBatchAge   = time.Second
	DefaultWindow     = 64
	DefaultQueueLimit = 64 << 20
)

// diskRetry is the pause after an error of the disk while callers wait.
const diskRetry = time.Second

// WriterConfig configures a Writer. The zero value keeps the queue in memory and has the defaults above.
//
// The handlers are called by the goroutines that add and send, so they must return soon, and must not call the writer. What
// they panic with is logged as handler_failed, and has no other effect.
type WriterConfig struct {
	// Folder of the queue, which then survives the process. Empty: memory.
	Folder string
	// QueueLimit is the size of the queue in bytes.
	QueueLimit int64
	// Policy decides when the queue is full.
	Policy Policy
	// A batch ends at BatchRows, BatchBytes or BatchAge, whichever comes first.
	BatchRows  int
	BatchBytes int
	BatchAge   time.Duration
	// Window is the largest number of batches on the way without acknowledgement.
	Window int
	// Clock gives rows without a time their time.
	Clock ClockSource
	// OnRejected receives what the server did not store. Count is the number of rows; a whole batch that the server cannot
	// take has an empty Measurement.
	OnRejected func(*iotflowv1.Rejection)
	// OnDropped receives the number of rows that the queue lost.
	OnDropped func(Dropped)
	// OnInterrupted receives the error of a stream, and the pause before the next attempt.
	OnInterrupted func(err *Error, pause time.Duration)
}

func (c WriterConfig) withDefaults(logger *slog.Logger) WriterConfig {
	c.BatchRows = positive(c.BatchRows, DefaultBatchRows)
	c.BatchBytes = positive(c.BatchBytes, DefaultBatchBytes)
	c.BatchAge = positive(c.BatchAge, DefaultBatchAge)
	c.Window = positive(c.Window, DefaultWindow)
	c.QueueLimit = positive(c.QueueLimit, DefaultQueueLimit)
	// A batch fits into the queue.
	c.BatchBytes = int(min(int64(c.BatchBytes), c.QueueLimit))
	c.containHandlers(logger)
	return c
}

func (c *WriterConfig) containHandlers(logger *slog.Logger) {
	rejected, dropped, interrupted := c.OnRejected, c.OnDropped, c.OnInterrupted
	c.OnRejected = func(rejection *iotflowv1.Rejection) {
		if rejected != nil {
			contain(logger, "OnRejected", func() { rejected(rejection) })
		}
	}
	c.OnDropped = func(lost Dropped) {
		if dropped != nil {
			contain(logger, "OnDropped", func() { dropped(lost) })
		}
	}
	c.OnInterrupted = func(err *Error, pause time.Duration) {
		if interrupted != nil {
			contain(logger, "OnInterrupted", func() { interrupted(err, pause) })
		}
	}
}

func positive[Number int | int64 | time.Duration](value, otherwise Number) Number {
	if value > 0 {
		return value
	}
	return otherwise
}

// Status has the numbers of a writer.
type Status struct {
	// QueuedRows are not acknowledged yet; those of the open batch are counted too.
	QueuedRows int
	// QueuedBytes is the size of the queue.
	QueuedBytes int64
	// AcknowledgedRows were processed by the server, RejectedValues of them were rejected.
	AcknowledgedRows int
	RejectedValues   int
	// DroppedRows were left out by the policy.
	DroppedRows int
	// Interruptions is the number of failed streams.
	Interruptions int
}

// Writer makes batches of rows, keeps them in a queue, and sends the queue until the server has acknowledged it. All
// methods may be called concurrently; rows of one caller keep their order.
type Writer struct {
	client *Client
	config WriterConfig
	queue  *queue

	// batching protects the open batch, and is held while it is moved into the queue.
	batching gate
	open     *batch
	opened   time.Time
	sampled  int
	// early has batches that wait for the server's time.
	early      []*batch
	earlyBytes int64
	aging      *time.Timer

	// context ends with the writer; background ends before it, when a close has flushed.
	context        context.Context
	cancel         context.CancelFunc
	background     context.Context
	stopBackground context.CancelFunc
	tasks          sync.WaitGroup

	openRows atomic.Int64
	stopped  atomic.Bool
	// closed tells that a close has begun: no more rows are taken.
	closed atomic.Bool

	mu      sync.Mutex
	status  Status
	failure *Error
	// interruption is the error of the last stream, nil after an acknowledgement.
	interruption *Error
	// diskFailure is the error of the disk, nil after it has taken a batch.
	diskFailure error
	closing     sync.Once
}

// NewWriter returns a writer that connects and sends by itself, beginning with what the folder of the queue has. It fails
// with the reason QUEUE_IN_USE where another writer has the folder.
func (c *Client) NewWriter(config WriterConfig) (*Writer, error) {
	config = config.withDefaults(c.logger)
	opened, damaged := newQueue(config.QueueLimit, nil, nil, 0), 0
	if config.Folder != "" {
		var err error
		if opened, damaged, err = openQueue(config.Folder, config.QueueLimit); err != nil {
			return nil, err
		}
		if unknown := opened.disk.unknown; len(unknown) > 0 {
			c.logger.Warn("files_left_alone", "folder", config.Folder, "names", unknown)
		}
	}
	w := &Writer{
		client: c, config: config, queue: opened, batching: newGate(), open: newBatch(), aging: time.NewTimer(math.MaxInt64),
	}
	w.context, w.cancel = context.WithCancel(context.Background())
	w.background, w.stopBackground = context.WithCancel(w.context)
	for range damaged {
		w.drop(0, DroppedDamaged)
	}
	w.tasks.Go(w.send)
	w.tasks.Go(w.sealAged)
	if config.Clock == ServerTime {
		w.tasks.Go(w.synchronize)
	}
	return w, nil
}

// Add adds one row. It returns when the row is in the open batch, or with the batch in the queue where the row is its last
// one. While the queue is full, the policy decides.
func (w *Writer) Add(ctx context.Context, row Row) error {
	if err := w.enterToAdd(ctx); err != nil {
		return err
	}
	defer w.batching.leave()
	at, relative := w.time(row.Time)
	return w.add(ctx, row.DeviceID, at, relative, row.Values)
}

// AddColumns adds many rows. Where it fails, the first of them may have been added; adding all of them again is harmless.
func (w *Writer) AddColumns(ctx context.Context, columns Columns) error {
	if err := columns.check(); err != nil {
		return err
	}
	if err := w.enterToAdd(ctx); err != nil {
		return err
	}
	defer w.batching.leave()
	values := make([]Value, 0, len(columns.Columns))
	for row, at := range columns.Times {
		values = values[:0]
		for i := range columns.Columns {
			if column := &columns.Columns[i]; column.IsValid(row) {
				values = append(values, column.at(row))
			}
		}
		if err := w.add(ctx, columns.DeviceID, at, false, values); err != nil {
			return err
		}
	}
	return nil
}

func (c *Columns) check() error {
	for i := range c.Columns {
		column := &c.Columns[i]
		if !column.hasOneSlice(len(c.Times)) || column.Valid != nil && len(column.Valid) != len(c.Times) {
			message := "The column " + column.Measurement + " needs one value of one type for each time."
			return &Error{Code: codes.InvalidArgument, Field: column.Measurement, Message: message}
		}
	}
	return nil
}

// Flush ends the open batch, and returns when everything added before is acknowledged. After the deadline of the context it
// fails with DEADLINE_EXCEEDED, and the message has the error of the disk or the cause of the last interruption; nothing is
// lost by that.
func (w *Writer) Flush(ctx context.Context) error {
	ctx, release := w.whileRunning(ctx)
	defer release()
	if err := w.enter(ctx); err != nil {
		return w.nameCause(w.explain(err))
	}
	err := w.sealForFlush(ctx)
	last := w.queue.nextSequence() - 1
	w.batching.leave()
	if err == nil {
		err = w.queue.waitForAcknowledgement(ctx, last)
	}
	return w.nameCause(w.explain(err))
}

// Close flushes, ends the stream and releases everything, also where it fails with DEADLINE_EXCEEDED. What was not
// acknowledged stays in a queue on disk. Rows cannot be added from the beginning of Close on.
func (w *Writer) Close(ctx context.Context) error {
	w.closed.Store(true)
	err := w.Flush(ctx)
	w.closing.Do(func() {
		w.stopped.Store(true)
		w.stopBackground()
		if err != nil {
			w.cancel()
			w.keepOpen()
		}
		w.tasks.Wait()
		w.cancel()
		if w.queue.disk != nil {
			w.queue.disk.close()
		}
	})
	return err
}

// keepOpen moves the open batch into a queue on disk before a close without acknowledgements.
func (w *Writer) keepOpen() {
	if w.queue.disk == nil {
		return
	}
	// The context of the writer has ended, so callers leave soon.
	_ = w.batching.enter(context.Background())
	defer w.batching.leave()
	if !w.open.relative {
		_ = w.append(w.open)
	}
}

// Status returns the numbers of the writer.
func (w *Writer) Status() Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	status := w.status
	queued, bytes := w.queue.content()
	status.QueuedRows = queued + int(w.openRows.Load())
	status.QueuedBytes = bytes
	return status
}

// enter waits for the open batch. It fails where the writer has failed or is closed.
func (w *Writer) enter(ctx context.Context) error {
	if err := w.batching.enter(ctx); err != nil {
		return err
	}
	if !w.stopped.Load() {
		return nil
	}
	w.batching.leave()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failure != nil {
		return w.failure
	}
	return errClosed()
}

// enterToAdd does the same for rows, of which a writer that closes takes no more.
func (w *Writer) enterToAdd(ctx context.Context) error {
	if err := w.enter(ctx); err != nil {
		return err
	}
	if !w.closed.Load() {
		return nil
	}
	w.batching.leave()
	return errClosed()
}

func errClosed() *Error {
	return &Error{Code: codes.FailedPrecondition, Message: "The writer is closed."}
}

// whileRunning returns a context that also ends when the writer fails.
func (w *Writer) whileRunning(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(w.context, cancel)
	return ctx, func() { stop(); cancel() }
}

// explain returns the error that ended the writer in place of that of a context that ended with it.
func (w *Writer) explain(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil && w.failure != nil && errors.Is(err, context.Canceled) {
		return w.failure
	}
	return err
}

// nameCause adds to the error of a deadline why the disk takes no batch, and why nothing was acknowledged since the last
// interruption.
func (w *Writer) nameCause(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var late *Error
	if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &late) {
		return err
	}
	if w.diskFailure != nil {
		late = late.with(fmt.Sprintf("The disk does not take the queue: %v.", w.diskFailure))
	}
	if w.interruption != nil {
		late = late.with("The last interruption: " + w.interruption.Error())
	}
	return late
}

// interrupted records why the last stream ended; nil: a later one has an acknowledgement.
func (w *Writer) interrupted(err *Error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.interruption = err
}

// fail stops the writer. The queue stays as it is.
func (w *Writer) fail(err *Error) {
	w.mu.Lock()
	w.failure = err
	w.mu.Unlock()
	w.client.logger.Error("writer_stopped", "code", err.Code.String(), "reason", err.Reason, "error", err.Message)
	w.stopped.Store(true)
	w.cancel()
}

// time returns the time of a row in milliseconds. relative: since the start of the server's clock.
func (w *Writer) time(given time.Time) (milliseconds int64, relative bool) {
	if !given.IsZero() {
		return given.UnixMilli(), false
	}
	if w.config.Clock != ServerTime {
		return time.Now().UnixMilli(), false
	}
	elapsed := w.client.clock.elapsed()
	offset, known := w.client.clock.read()
	return (offset + elapsed).Milliseconds(), !known
}

// drop counts rows that are lost, and tells the application.
func (w *Writer) drop(rows int, reason string) {
	w.mu.Lock()
	w.status.DroppedRows += rows
	w.mu.Unlock()
	w.client.logger.Warn("rows_dropped", "rows", rows, "reason", reason)
	w.client.metrics.RowsDropped(rows, reason)
	w.config.OnDropped(Dropped{Rows: rows, Reason: reason})
}
