package iotflow

import (
	"context"
	"time"
)

// appendEarly keeps a batch until the server's time is known. Together they are bounded by the limit of the queue.
func (w *Writer) appendEarly(sealed *batch) error {
	if offset, known := w.client.clock.read(); known && len(w.early) == 0 {
		sealed.shift(offset.Milliseconds())
		return w.append(sealed)
	}
	if w.earlyBytes+int64(sealed.size) > w.config.QueueLimit {
		return errFull
	}
	w.early = append(w.early, sealed)
	w.earlyBytes += int64(sealed.size)
	w.open = newBatch()
	return nil
}

// waitForClock waits until the batches that wait for the server's time are in the queue. The caller holds batching.
func (w *Writer) waitForClock(ctx context.Context) error {
	if len(w.early) == 0 && !w.open.relative {
		return nil
	}
	ctx, release := w.whileRunning(ctx)
	defer release()
	select {
	case <-w.client.clock.known:
		return w.releaseEarly(ctx)
	case <-ctx.Done():
		return w.explain(contextError(ctx))
	}
}

// releaseEarly gives the waiting batches their times and moves them into the queue. The caller holds batching.
func (w *Writer) releaseEarly(ctx context.Context) error {
	offset, _ := w.client.clock.read()
	for len(w.early) > 0 {
		first := w.early[0]
		first.shift(offset.Milliseconds())
		for err := w.store(first); err != nil; err = w.store(first) {
			if err := sleep(ctx, diskRetry); err != nil {
				return err
			}
		}
		w.early = w.early[1:]
		w.earlyBytes -= int64(first.size)
	}
	w.open.shift(offset.Milliseconds())
	return nil
}

// synchronize takes the server's time, and then moves the rows that waited for it into the queue.
func (w *Writer) synchronize() {
	var pauses backoff
	for {
		ctx, cancel := context.WithTimeout(w.background, synchronizeTimeout)
		err := w.client.clock.Synchronize(ctx)
		cancel()
		if err == nil {
			break
		}
		if sleep(w.background, pauses.next(asError(w.background, err).RetryAfter)) != nil {
			return
		}
	}
	if w.batching.enter(w.background) == nil {
		defer w.batching.leave()
		_ = w.releaseEarly(w.background)
	}
}

// synchronizeTimeout bounds one attempt to take the server's time.
const synchronizeTimeout = 15 * time.Second
