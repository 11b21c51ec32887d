package iotflow

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
)

// contain calls a handler of the application. A panic of it is logged, and has no other effect: the goroutines that call
// handlers must go on sending and reading.
func contain(logger *slog.Logger, name string, handler func()) {
	defer func() {
		if cause := recover(); cause != nil {
			logger.Error("handler_failed", "handler", name, "error", fmt.Sprint(cause), "stack", string(debug.Stack()))
		}
	}()
	handler()
}

// withoutPanic calls what returns an error, which a panic becomes, too.
func withoutPanic[Result any](call func() (Result, error)) (result Result, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%v", cause)
		}
	}()
	return call()
}

// containedMetrics contains the methods of the application's.
type containedMetrics struct {
	metrics Metrics
	logger  *slog.Logger
}

func (c containedMetrics) contain(method func()) { contain(c.logger, "Metrics", method) }

func (c containedMetrics) RowsAdded(rows int) {
	c.contain(func() { c.metrics.RowsAdded(rows) })
}

func (c containedMetrics) RowsAcknowledged(rows int) {
	c.contain(func() { c.metrics.RowsAcknowledged(rows) })
}

func (c containedMetrics) ValuesRejected(count int, reason string) {
	c.contain(func() { c.metrics.ValuesRejected(count, reason) })
}

func (c containedMetrics) RowsDropped(rows int, reason string) {
	c.contain(func() { c.metrics.RowsDropped(rows, reason) })
}

func (c containedMetrics) Interrupted(err *Error, pause time.Duration) {
	c.contain(func() { c.metrics.Interrupted(err, pause) })
}

func (c containedMetrics) Queued(rows int, bytes int64) {
	c.contain(func() { c.metrics.Queued(rows, bytes) })
}
