package iotflow

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	iotflowv1 "iotflow/clients/go/iotflow/v1"
)

// endTimeout bounds the end of a stream of which everything is acknowledged.
const endTimeout = time.Second

// send runs one stream after the other until the writer ends.
func (w *Writer) send() {
	sending := &sender{writer: w}
	for w.background.Err() == nil {
		generation := w.client.connection.credentials.current()
		err := sending.stream(generation)
		if err != nil && w.background.Err() == nil {
			err = sending.recover(err, generation)
		}
		if err != nil && w.background.Err() == nil {
			w.fail(err)
			return
		}
	}
}

// sender has what outlives a stream.
type sender struct {
	writer *Writer
	pauses backoff
	// Until the batch `aloneUntil` is acknowledged or given up, batches are sent one by one, to find the one that ends the
	// stream.
	aloneUntil int64
}

// recover prepares the next stream, or returns the error that stops the writer.
func (s *sender) recover(err *Error, generation int) *Error {
	w := s.writer
	w.interrupted(err)
	if err.wantsCredential() {
		w.client.logger.Warn("credential_wanted", "reason", err.Reason)
		return w.client.connection.credentials.renew(w.background, generation, err)
	}
	if err.blamesBatch() && s.giveUp(err) {
		return nil
	}
	if !err.isInterruption() {
		return err
	}
	pause := s.pauses.next(err.RetryAfter)
	w.mu.Lock()
	w.status.Interruptions++
	w.mu.Unlock()
	w.client.logger.Warn(
		"stream_interrupted", "code", err.Code.String(), "reason", err.Reason, "error", err.Message, "pause", pause,
	)
	w.client.metrics.Interrupted(err, pause)
	w.config.OnInterrupted(err, pause)
	_ = sleep(w.background, pause)
	return nil
}

// giveUp removes the batch that ended the stream where it was alone, and otherwise lets the next batches be sent alone.
func (s *sender) giveUp(err *Error) bool {
	count, first, highest := s.writer.queue.onTheWay()
	if count == 0 {
		return false
	}
	if count > 1 {
		s.aloneUntil = highest
		return true
	}
	s.writer.reject(&iotflowv1.Rejection{
		Sequence: first.sequence,
		Count:    int32(first.rows),
		Reason:   rejectionReason(err),
		Message:  err.Message,
	})
	s.writer.queue.remove(first.sequence)
	s.writer.client.metrics.Queued(s.writer.queue.content())
	return true
}

// rejectionReason is the server's word, or the status.
func rejectionReason(err *Error) string {
	if err.Reason != "" {
		return err.Reason
	}
	return StatusWord(err.Code)
}

// stream runs one stream with the key of a generation to its end, and returns its error, or nil where the key was replaced
// before anything was sent.
func (s *sender) stream(generation int) *Error {
	w := s.writer
	ctx, cancel := context.WithCancel(w.context)
	defer cancel()
	w.queue.rewind()
	if err := w.takeFolder(generation); err != nil {
		return err
	}
	description := &iotflowv1.TelemetryService_ServiceDesc.Streams[0]
	// An attempt to connect may take its time, and a close does not wait for it.
	release := context.AfterFunc(w.background, cancel)
	call, err := w.client.connection.NewStream(
		ctx, description, iotflowv1.TelemetryService_StreamTelemetry_FullMethodName, grpc.ForceCodecV2(batchCodec{}),
	)
	release()
	if err != nil {
		return asError(ctx, err)
	}
	if w.client.connection.credentials.current() != generation {
		// The stream may have the new key, which may be another device's.
		return nil
	}
	var sending sync.WaitGroup
	sending.Go(func() { s.sendBatches(ctx, call, cancel) })
	failure := s.readAcknowledgements(call, generation)
	cancel()
	sending.Wait()
	return failure
}

// sendBatches sends until the stream ends. When the writer ends, it ends the stream.
func (s *sender) sendBatches(ctx context.Context, call grpc.ClientStream, cancel context.CancelFunc) {
	w := s.writer
	sending, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(w.background, stop)()
	for {
		next, err := w.queue.next(sending)
		if errors.Is(err, errDamaged) {
			w.drop(next.rows, DroppedDamaged)
			continue
		}
		if err != nil {
			break
		}
		// The reader of acknowledgements gets the error of the stream.
		if call.SendMsg(next.payload) != nil {
			return
		}
	}
	if ctx.Err() == nil && call.CloseSend() == nil && sleep(ctx, endTimeout) == nil {
		cancel()
	}
}

// readAcknowledgements reads until the stream ends.
func (s *sender) readAcknowledgements(call grpc.ClientStream, generation int) *Error {
	w := s.writer
	for {
		answer := new(iotflowv1.StreamTelemetryResponse)
		if err := call.RecvMsg(answer); errors.Is(err, io.EOF) {
			return &Error{Code: codes.Unavailable, Message: "The server ended the stream.", Retryable: true}
		} else if err != nil {
			return asError(call.Context(), err)
		}
		s.pauses.reset()
		w.interrupted(nil)
		w.client.connection.credentials.accepted(generation)
		for _, rejection := range answer.GetRejected() {
			w.reject(rejection)
		}
		w.acknowledge(answer.GetCommittedSequence())
		if answer.GetCommittedSequence() >= s.aloneUntil {
			s.aloneUntil = 0
			w.queue.widen(w.config.Window)
		}
	}
}

// acknowledge counts the rows before it removes them, so that a flush that ends has them counted.
func (w *Writer) acknowledge(sequence int64) {
	if rows := w.queue.rowsUpTo(sequence); rows > 0 {
		w.mu.Lock()
		w.status.AcknowledgedRows += rows
		w.mu.Unlock()
		w.client.metrics.RowsAcknowledged(rows)
	}
	w.queue.acknowledge(sequence)
	w.client.metrics.Queued(w.queue.content())
}

// reject tells the application what the server did not store.
func (w *Writer) reject(rejection *iotflowv1.Rejection) {
	count := int(rejection.GetCount())
	w.mu.Lock()
	w.status.RejectedValues += count
	w.mu.Unlock()
	w.client.logger.Warn(
		"rows_rejected", "sequence", rejection.GetSequence(), "index", rejection.GetIndex(), "count", count,
		"measurement", rejection.GetMeasurement(), "reason", rejection.GetReason(),
	)
	w.client.metrics.ValuesRejected(count, rejection.GetReason())
	w.config.OnRejected(rejection)
}
