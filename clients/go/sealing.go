package iotflow

import (
	"context"
	"errors"
	"time"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
)

// add adds a row to the open batch, which ends before it where the row does not fit, and after it where it is full. The
// caller holds batching.
func (w *Writer) add(ctx context.Context, deviceID int32, at int64, relative bool, values []Value) error {
	if err := check(values); err != nil {
		return err
	}
	if isEmpty(values) {
		return nil
	}
	if w.open.rows() > 0 && !w.hasRoom(deviceID, relative, values) {
		if err := w.seal(ctx); err != nil {
			return err
		}
		if w.open.rows() > 0 {
			w.drop(1, DroppedQueueFull)
			return nil
		}
	}
	if w.leavesOut() {
		w.drop(1, DroppedQueueFull)
		return nil
	}
	if w.open.rows() == 0 {
		w.opened = time.Now()
		w.aging.Reset(w.config.BatchAge)
	}
	w.open.add(deviceID, at, relative, values)
	w.openRows.Add(1)
	w.client.metrics.RowsAdded(1)
	if w.open.rows() >= w.config.BatchRows || w.open.size >= w.config.BatchBytes {
		return w.seal(ctx)
	}
	return nil
}

// check rejects texts that the contract cannot carry.
func check(values []Value) error {
	for i := range values {
		value := &values[i]
		if value.kind == stringType && !utf8.ValidString(value.text) || !utf8.ValidString(value.measurement) {
			return &Error{Code: codes.InvalidArgument, Field: value.measurement, Message: "Texts must be valid UTF-8."}
		}
	}
	return nil
}

// isEmpty tells whether the row has no value, so that there is nothing to store.
func isEmpty(values []Value) bool {
	for i := range values {
		if !values[i].isMissing() {
			return false
		}
	}
	return true
}

// hasRoom tells whether the open batch takes the row.
func (w *Writer) hasRoom(deviceID int32, relative bool, values []Value) bool {
	return w.open.rows() < w.config.BatchRows &&
		w.open.accepts(deviceID, relative, values) &&
		w.open.size+w.open.growth(deviceID, values) <= w.config.BatchBytes
}

// leavesOut tells whether the policy `sample` leaves out the next row.
func (w *Writer) leavesOut() bool {
	if w.config.Policy != PolicySample {
		return false
	}
	_, queued := w.queue.content()
	w.sampled++
	return w.sampled%w.config.Policy.stride(queued, w.config.QueueLimit) != 0
}

// seal moves the open batch into the queue. While the queue is full, the policy decides: the batch may stay open, which is
// an error with the policy `refuse`, or be dropped. The caller holds batching.
func (w *Writer) seal(ctx context.Context) error {
	for {
		err := w.append(w.open)
		if err == nil {
			return nil
		}
		isFull := errors.Is(err, errFull)
		switch w.config.Policy {
		case PolicyWait:
			if err := w.waitForRoom(ctx, isFull); err != nil {
				return err
			}
		case PolicyRefuse:
			return &Error{Code: codes.ResourceExhausted, Reason: ReasonQueueFull, Message: refusal(err), Retryable: true}
		case PolicyDropOldest:
			if !w.makeRoom(err) {
				w.dropOpen(reasonOf(err))
				return nil
			}
		case PolicySample:
			if isFull {
				return nil
			}
			w.dropOpen(reasonOf(err))
			return nil
		default:
			w.dropOpen(reasonOf(err))
			return nil
		}
	}
}

func refusal(err error) string {
	if errors.Is(err, errFull) {
		return "The queue is full. Add the rows again later."
	}
	return "The disk did not take the batch: " + err.Error() + ". Add the rows again later."
}

func reasonOf(err error) string {
	if errors.Is(err, errFull) {
		return DroppedQueueFull
	}
	return DroppedDiskFull
}

// sealForFlush moves the open batch into the queue, and waits for room with every policy that drops nothing.
func (w *Writer) sealForFlush(ctx context.Context) error {
	if err := w.waitForClock(ctx); err != nil {
		return err
	}
	for w.open.rows() > 0 {
		if err := w.seal(ctx); err != nil && w.config.Policy != PolicyRefuse {
			return err
		}
		if w.open.rows() == 0 {
			return nil
		}
		if err := w.waitForRoom(ctx, !w.roomIsLeft()); err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) roomIsLeft() bool {
	w.queue.mu.Lock()
	defer w.queue.mu.Unlock()
	return w.queue.fits(int64(w.open.size))
}

// waitForRoom waits for room in the queue, or for another try of the disk.
func (w *Writer) waitForRoom(ctx context.Context, isFull bool) error {
	ctx, release := w.whileRunning(ctx)
	defer release()
	if isFull && len(w.early) == 0 {
		return w.explain(w.queue.waitForRoom(ctx, w.open.size))
	}
	if isFull {
		return w.explain(w.waitForClock(ctx))
	}
	return w.explain(sleep(ctx, diskRetry))
}

// makeRoom drops the oldest batches. An error of the disk other than a lack of space is no reason to drop them.
func (w *Writer) makeRoom(err error) bool {
	isFull := errors.Is(err, errFull)
	if !isFull && !isNoSpace(err) {
		return false
	}
	rows := w.queue.dropOldest(w.open.size, !isFull)
	if rows > 0 {
		w.drop(rows, reasonOf(err))
	}
	return rows > 0
}

func (w *Writer) dropOpen(reason string) {
	rows := w.open.rows()
	w.open.reset()
	w.openRows.Add(int64(-rows))
	w.drop(rows, reason)
}

// append stores a batch in the queue, or with those that wait for the server's time.
func (w *Writer) append(sealed *batch) error {
	rows := sealed.rows()
	if rows == 0 {
		return nil
	}
	if sealed.relative || len(w.early) > 0 {
		return w.appendEarly(sealed)
	}
	if err := w.store(sealed); err != nil {
		return err
	}
	sealed.reset()
	return nil
}

func (w *Writer) store(sealed *batch) error {
	rows := sealed.rows()
	payload, err := sealed.encode(w.queue.nextSequence())
	if err != nil {
		return err
	}
	err = w.queue.append(payload, rows)
	if !errors.Is(err, errFull) {
		w.noteDisk(err)
	}
	if err != nil {
		return err
	}
	w.openRows.Add(int64(-rows))
	w.client.metrics.Queued(w.queue.content())
	return nil
}

// noteDisk logs an error of the disk when it begins, and not with each attempt. nil: the disk has taken a batch.
func (w *Writer) noteDisk(err error) {
	w.mu.Lock()
	before := w.diskFailure
	w.diskFailure = err
	w.mu.Unlock()
	if err != nil && before == nil {
		w.client.logger.Warn("disk_failed", "error", err)
	}
}

// sealAged ends batches at their age.
func (w *Writer) sealAged() {
	for {
		select {
		case <-w.aging.C:
		case <-w.background.Done():
			return
		}
		if w.batching.enter(w.background) != nil {
			return
		}
		rest := w.config.BatchAge - time.Since(w.opened)
		if w.open.rows() > 0 && rest <= 0 {
			if w.seal(w.background) != nil || w.open.rows() > 0 {
				rest = w.config.BatchAge
			}
		}
		if w.open.rows() > 0 {
			w.aging.Reset(max(rest, time.Millisecond))
		}
		w.batching.leave()
	}
}
