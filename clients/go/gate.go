package iotflow

import "context"

// gate is a mutex whose wait ends with a context.
type gate chan struct{}

func newGate() gate { return make(gate, 1) }

// enter waits until no other caller is inside.
func (g gate) enter(ctx context.Context) error {
	select {
	case g <- struct{}{}:
		return nil
	default:
	}
	select {
	case g <- struct{}{}:
		return nil
	case <-ctx.Done():
		return contextError(ctx)
	}
}

func (g gate) leave() { <-g }
