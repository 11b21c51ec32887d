package iotflow

import "time"

// Metrics receives the numbers of writers, for example to export them to Prometheus. Methods are called concurrently, and
// must return soon.
type Metrics interface {
	// RowsAdded counts rows that a writer took.
	RowsAdded(rows int)
	// RowsAcknowledged counts rows that the server has processed.
	RowsAcknowledged(rows int)
	// ValuesRejected counts rejected rows or values.
	ValuesRejected(count int, reason string)
	// RowsDropped counts rows that the policy of the queue left out.
	RowsDropped(rows int, reason string)
	// Interrupted counts failures of a stream, with the pause before the next attempt.
	Interrupted(err *Error, pause time.Duration)
	// Queued is called when the size of a writer's queue changes.
	Queued(rows int, bytes int64)
}

type noMetrics struct{}

func (noMetrics) RowsAdded(int)                     {}
func (noMetrics) RowsAcknowledged(int)              {}
func (noMetrics) ValuesRejected(int, string)        {}
func (noMetrics) RowsDropped(int, string)           {}
func (noMetrics) Interrupted(*Error, time.Duration) {}
func (noMetrics) Queued(int, int64)                 {}
