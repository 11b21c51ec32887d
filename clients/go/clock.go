package iotflow

import (
	"context"
	"sync"
	"time"

	iotflowv1 "iotflow/clients/go/iotflow/v1"
)

// ClockSource tells which clock gives rows without a time their time.
type ClockSource int

const (
	// DeviceClock is the clock of this machine.
	DeviceClock ClockSource = iota
	// ServerTime is a [ServerClock], for devices without a clock.
	ServerTime
)

// ServerClock shows the server's time, continued with the monotonic clock of this machine. Steps of the machine's clock do
// not change it.
type ServerClock struct {
	client *Client
	start  time.Time

	mu     sync.Mutex
	offset time.Duration
	known  chan struct{}
}

func newServerClock(client *Client) *ServerClock {
	return &ServerClock{client: client, start: time.Now(), known: make(chan struct{})}
}

// Clock returns the clock that follows the server. It needs the key of a device.
func (c *Client) Clock() *ServerClock { return c.clock }

// Synchronize takes the server's time with a heartbeat.
func (s *ServerClock) Synchronize(ctx context.Context) error {
	_, err := s.client.Heartbeat(ctx, iotflowv1.PresenceOnline)
	return err
}

// Now returns the server's time. ok is false before the first answer of the server.
func (s *ServerClock) Now() (now time.Time, ok bool) {
	elapsed := s.elapsed()
	offset, ok := s.read()
	return time.Unix(0, 0).Add(offset + elapsed), ok
}

// elapsed is the monotonic time since the client was made.
func (s *ServerClock) elapsed() time.Duration { return time.Since(s.start) }

// read returns what to add to the monotonic time.
func (s *ServerClock) read() (offset time.Duration, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.known:
		return s.offset, true
	default:
		return 0, false
	}
}

// learn takes the time of an answer, which the server read half of the call's duration ago.
func (s *ServerClock) learn(answer time.Time, sent, received time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offset = time.Duration(answer.UnixNano()) - (sent + (received-sent)/2)
	select {
	case <-s.known:
	default:
		close(s.known)
	}
}
