package iotflow

import (
	"context"
	"iter"
	"time"

	"google.golang.org/grpc/codes"

	iotflowv1 "iotflow/clients/go/iotflow/v1"
)

// SubscribeQuery asks for readings as they are stored.
type SubscribeQuery struct {
	// DeviceIDs are the devices. Empty: all that the caller may read.
	DeviceIDs   []int32
	DeviceTypes []string
	// Fields are measurements. Empty: all.
	Fields []string
	// Since lets stored readings from this time on come first. Zero: none.
	Since time.Time
}

// Event is one of *Subscribed, *Readings, *Presence, *Missed and *Interrupted.
type Event interface{ event() }

// Subscribed tells that the server has accepted the subscription, at first and after each break.
type Subscribed struct{ ServerTime time.Time }

// Readings were just stored.
type Readings struct{ Columns }

// Presence tells that a device went online or offline.
type Presence struct {
	DeviceID int32
	Online   bool
	Time     time.Time
}

// Missed tells how many readings were lost because the caller was too slow.
type Missed struct{ Count int64 }

// Interrupted tells that the subscription has broken, and is opened again after the pause.
type Interrupted struct {
	Err   *Error
	Pause time.Duration
}

func (*Subscribed) event()  {}
func (*Readings) event()    {}
func (*Presence) event()    {}
func (*Missed) event()      {}
func (*Interrupted) event() {}

// Subscribe returns readings as they are stored, until the context ends or the loop is left. After a break it continues
// with the newest time that it delivered, so a reading at the boundary may come twice, but none is left out. An error that
// no retry mends, or that of the context, ends the iteration.
func (c *Client) Subscribe(ctx context.Context, query SubscribeQuery) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		ctx, leave := context.WithCancel(ctx)
		defer leave()
		left := false
		events := &subscription{query: query, deliver: func(event Event) bool {
			left = left || !yield(event, nil)
			return !left
		}}
		err := c.follow(ctx, "subscription", func(ctx context.Context, received func()) error {
			call, err := c.telemetry().SubscribeTelemetry(ctx, events.request())
			if err != nil {
				return err
			}
			for {
				answer, err := call.Recv()
				if err != nil {
					return err
				}
				received()
				if err := events.take(answer); err != nil {
					return err
				}
				if left {
					leave()
				}
			}
		}, func(err *Error, pause time.Duration) {
			if !events.deliver(&Interrupted{err, pause}) {
				leave()
			}
		})
		if !left {
			yield(nil, err)
		}
	}
}

// subscription remembers where it continues after a break.
type subscription struct {
	query      SubscribeQuery
	deliver    func(Event) bool
	subscribed bool
	// newest is the newest time that was delivered, or where the first stream began.
	newest    time.Time
	delivered bool
}

func (s *subscription) request() *iotflowv1.SubscribeTelemetryRequest {
	since := s.newest
	if since.IsZero() {
		since = s.query.Since
	}
	s.subscribed = false
	return &iotflowv1.SubscribeTelemetryRequest{
		DeviceIds: s.query.DeviceIDs, DeviceTypes: s.query.DeviceTypes, Fields: s.query.Fields,
		Since: timeWord(since), Columnar: true,
	}
}

// take hands an event over. It returns the error that ends the stream.
func (s *subscription) take(answer *iotflowv1.SubscribeTelemetryResponse) error {
	switch event := answer.GetEvent().(type) {
	case *iotflowv1.SubscribeTelemetryResponse_Batch:
		s.readings(columnsOf(event.Batch))
	case *iotflowv1.SubscribeTelemetryResponse_Heartbeat:
		s.heartbeat(event.Heartbeat.GetTimestamp().AsTime())
	case *iotflowv1.SubscribeTelemetryResponse_Dropped:
		s.deliver(&Missed{event.Dropped.GetReadings()})
	case *iotflowv1.SubscribeTelemetryResponse_Presence:
		presence := event.Presence
		s.deliver(&Presence{presence.GetDeviceId(), presence.GetOnline(), presence.GetTimestamp().AsTime()})
	case *iotflowv1.SubscribeTelemetryResponse_Error:
		failure := event.Error
		return &Error{
			Code: codes.Unavailable, Reason: failure.GetReason(), Message: failure.GetMessage(),
			Retryable: failure.GetRetryable(),
		}
	}
	return nil
}

func (s *subscription) readings(columns Columns) {
	for _, milliseconds := range columns.Times {
		if at := time.UnixMilli(milliseconds); !s.delivered || at.After(s.newest) {
			s.newest, s.delivered = at, true
		}
	}
	s.deliver(&Readings{columns})
}

func (s *subscription) heartbeat(at time.Time) {
	if s.subscribed {
		return
	}
	s.subscribed = true
	if s.newest.IsZero() && s.query.Since.IsZero() {
		// A break before the first reading continues here.
		s.newest = at
	}
	s.deliver(&Subscribed{at})
}
