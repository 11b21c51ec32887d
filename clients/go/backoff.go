package iotflow

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	firstPause   = 200 * time.Millisecond
	longestPause = 30 * time.Second
	// longestWish bounds what a server, or something in between, may ask for.
	longestWish = time.Hour
)

// backoff has the pauses between attempts: they double, and are shortened at random so that a fleet does not return at once.
type backoff struct {
	failures int
}

// reset begins with the first pause again, after a success.
func (b *backoff) reset() { b.failures = 0 }

// next returns the pause after another failure. The server's wish is added, of at most an hour; a negative one is none.
func (b *backoff) next(retryAfter time.Duration) time.Duration {
	pause := longestPause
	if b.failures < 8 {
		pause = min(firstPause<<b.failures, longestPause)
	}
	b.failures++
	return min(max(retryAfter, 0), longestWish) + time.Duration(float64(pause)*(0.5+rand.Float64()/2))
}

// sleep waits, and returns the error of the context where that ends first.
func sleep(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return contextError(ctx)
	}
}
