package iotflow

import (
	"context"
	"errors"
	"sync"

	"google.golang.org/protobuf/encoding/protowire"
)

// errFull tells that a batch does not fit into the queue.
var errFull = errors.New("the queue is full")

// entry is a batch that is not acknowledged. payload is nil where the batch is on disk.
type entry struct {
	sequence int64
	rows     int
	payload  []byte
	segment  *segment
	offset   int64
	length   int
}

// size is what the entry takes of the queue's limit.
func (e *entry) size() int64 { return recordHeader + int64(e.length) }

// queue has the entries in their order. The first `sent` of them are on the way.
//
// Only one caller at a time may append. All other methods may be called concurrently.
type queue struct {
	disk  *queueFiles
	limit int64

	mu      sync.Mutex
	entries []entry
	sent    int
	bytes   int64
	rows    int
	last    int64
	// window is the number of entries that may be on the way.
	window int
	// changed is closed and replaced with every change.
	changed chan struct{}
}

// newQueue returns a queue in memory (disk is nil) or in a folder, with the entries that the folder has.
func newQueue(limit int64, disk *queueFiles, found []entry, last int64) *queue {
	q := &queue{disk: disk, limit: limit, entries: found, last: last, changed: make(chan struct{})}
	for i := range found {
		q.bytes += found[i].size()
		q.rows += found[i].rows
	}
	return q
}

// notify wakes everything that waits. The caller holds mu.
func (q *queue) notify() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// append stores a batch of the next sequence. It returns errFull, or the error of the disk.
func (q *queue) append(payload []byte, rows int) error {
	q.mu.Lock()
	fits := q.fits(int64(len(payload)))
	sequence := q.last + 1
	q.mu.Unlock()
	if !fits {
		return errFull
	}
	added := entry{sequence: sequence, rows: rows, payload: payload, length: len(payload)}
	if q.disk != nil {
		if err := q.disk.write(&added); err != nil {
			return err
		}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.entries = append(q.entries, added)
	q.last = sequence
	q.bytes += added.size()
	q.rows += rows
	q.notify()
	return nil
}

// nextSequence returns the sequence of the next batch.
func (q *queue) nextSequence() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.last + 1
}

// fits tells whether a payload has room. An empty queue takes every batch. The caller holds mu.
func (q *queue) fits(length int64) bool {
	return len(q.entries) == 0 || q.bytes+recordHeader+length <= q.limit
}

// waitForRoom waits until a payload of this length fits.
func (q *queue) waitForRoom(ctx context.Context, length int) error {
	return q.wait(ctx, func() bool { return q.fits(int64(length)) })
}

// waitForAcknowledgement waits until every batch up to the sequence is acknowledged or given up.
func (q *queue) waitForAcknowledgement(ctx context.Context, sequence int64) error {
	return q.wait(ctx, func() bool { return len(q.entries) == 0 || q.entries[0].sequence > sequence })
}

func (q *queue) wait(ctx context.Context, done func() bool) error {
	for {
		q.mu.Lock()
		isDone, changed := done(), q.changed
		q.mu.Unlock()
		if isDone {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return contextError(ctx)
		}
	}
}

// rewind begins a stream: nothing is on the way, and one batch may be.
func (q *queue) rewind() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.sent, q.window = 0, 1
}

// widen sets the number of batches that may be on the way.
func (q *queue) widen(window int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.window != window {
		q.window = window
		q.notify()
	}
}

// next waits for an entry that may be sent, and returns it with its payload. It returns errDamaged with the entry, which is
// removed, where the disk does not return it.
func (q *queue) next(ctx context.Context) (entry, error) {
	if err := q.wait(ctx, func() bool { return q.sent < min(len(q.entries), q.window) }); err != nil {
		return entry{}, err
	}
	q.mu.Lock()
	if q.sent == len(q.entries) {
		// The policy has dropped it in the meantime.
		q.mu.Unlock()
		return q.next(ctx)
	}
	next := q.entries[q.sent]
	q.sent++
	q.mu.Unlock()
	if next.payload == nil {
		payload, err := next.segment.read(&next)
		if err != nil {
			q.disk.leaveDamaged(next.segment)
			q.remove(next.sequence)
			return next, errDamaged
		}
		next.payload = payload
	}
	return next, nil
}

// onTheWay returns the number of batches on the way, the first of them, and the highest sequence of them.
func (q *queue) onTheWay() (count int, first entry, highest int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.sent == 0 {
		return 0, entry{}, 0
	}
	return q.sent, q.entries[0], q.entries[q.sent-1].sequence
}

// rowsUpTo returns the number of rows on the way up to the sequence.
func (q *queue) rowsUpTo(sequence int64) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	rows := 0
	for _, each := range q.entries[:q.sent] {
		if each.sequence <= sequence {
			rows += each.rows
		}
	}
	return rows
}

// acknowledge removes the batches on the way up to the sequence.
func (q *queue) acknowledge(sequence int64) {
	q.removeSent(func(e *entry) bool { return e.sequence <= sequence })
}

// remove gives up one batch on the way.
func (q *queue) remove(sequence int64) {
	q.removeSent(func(e *entry) bool { return e.sequence == sequence })
}

func (q *queue) removeSent(matches func(*entry) bool) {
	q.mu.Lock()
	var kept, removed []entry
	for i := range q.entries[:q.sent] {
		if e := q.entries[i]; matches(&e) {
			removed = append(removed, e)
		} else {
			kept = append(kept, e)
		}
	}
	if len(removed) == 0 {
		q.mu.Unlock()
		return
	}
	first := q.sent - len(kept)
	copy(q.entries[first:], kept)
	clear(q.entries[:first])
	q.entries, q.sent = q.entries[first:], len(kept)
	q.finish(removed)
}

// dropOldest removes the oldest batches that are not on the way until the payload fits, and returns the number of their
// rows. wholeSegment: and all others of the same segment, so that the disk gets room.
func (q *queue) dropOldest(length int, wholeSegment bool) int {
	q.mu.Lock()
	end := q.sent
	freed := int64(0)
	for ; end < len(q.entries); end++ {
		e := &q.entries[end]
		isEnough := q.bytes-freed+recordHeader+int64(length) <= q.limit
		if isEnough && !(wholeSegment && (end == q.sent || e.segment == q.entries[end-1].segment)) {
			break
		}
		freed += e.size()
	}
	removed := append([]entry(nil), q.entries[q.sent:end]...)
	if len(removed) == 0 {
		q.mu.Unlock()
		return 0
	}
	q.entries = append(q.entries[:q.sent:q.sent], q.entries[end:]...)
	return q.finish(removed)
}

// finish accounts for removed entries, and wakes everything that waits once the folder tells that they are acknowledged: what
// a flush has waited for is not sent again by the next process. The caller holds mu, which is released.
func (q *queue) finish(removed []entry) int {
	rows := 0
	for i := range removed {
		q.bytes -= removed[i].size()
		rows += removed[i].rows
	}
	q.rows -= rows
	floor := q.last
	if len(q.entries) > 0 {
		floor = q.entries[0].sequence - 1
	}
	q.mu.Unlock()
	if q.disk != nil {
		q.disk.release(removed, floor)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.notify()
	return rows
}

// content returns the number of rows and bytes in the queue.
func (q *queue) content() (rows int, bytes int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.rows, q.bytes
}

// countRows returns the sequence and the number of rows of an encoded batch, without decoding its columns.
func countRows(payload []byte) (sequence int64, rows int, err error) {
	for len(payload) > 0 {
		field, kind, n := protowire.ConsumeTag(payload)
		if n < 0 {
			return 0, 0, protowire.ParseError(n)
		}
		payload = payload[n:]
		switch {
		case field == 1 && kind == protowire.VarintType:
			var number uint64
			number, n = protowire.ConsumeVarint(payload)
			sequence = int64(number)
		case field == 3 && kind == protowire.VarintType:
			_, n = protowire.ConsumeVarint(payload)
			rows++
		case field == 3 && kind == protowire.BytesType:
			var packed []byte
			packed, n = protowire.ConsumeBytes(payload)
			rows += countVarints(packed)
		default:
			n = protowire.ConsumeFieldValue(field, kind, payload)
		}
		if n < 0 {
			return 0, 0, protowire.ParseError(n)
		}
		payload = payload[n:]
	}
	return sequence, rows, nil
}

// countVarints counts the bytes that end a number.
func countVarints(packed []byte) int {
	count := 0
	for _, each := range packed {
		if each < 0x80 {
			count++
		}
	}
	return count
}
