package iotflow

// Policy decides about a new batch while the queue is full.
type Policy int

const (
	// PolicyWait lets the caller wait.
	PolicyWait Policy = iota
	// PolicyRefuse fails with the reason QUEUE_FULL, which is retryable.
	PolicyRefuse
	// PolicyDropOldest drops the oldest batches that are not on the way.
	PolicyDropOldest
	// PolicyDropNewest drops the new batch.
	PolicyDropNewest
	// PolicySample keeps every 2nd row from half of the limit on, every 4th from three quarters on, every 8th from seven
	// eighths on, and none at the limit.
	PolicySample
)

// Reasons of [Dropped].
const (
	DroppedQueueFull = "QUEUE_FULL"
	DroppedDiskFull  = "DISK_FULL"
	DroppedDamaged   = "DAMAGED"
)

// Dropped tells that rows are lost.
type Dropped struct {
	// Rows is their number, 0 where it cannot be known.
	Rows int
	// Reason is one of DroppedQueueFull, DroppedDiskFull and DroppedDamaged.
	Reason string
}

// stride returns n where the policy keeps every n-th row.
func (p Policy) stride(queued, limit int64) int {
	switch {
	case p != PolicySample || queued < limit/2:
		return 1
	case queued < limit/4*3:
		return 2
	case queued < limit/8*7:
		return 4
	default:
		return 8
	}
}
