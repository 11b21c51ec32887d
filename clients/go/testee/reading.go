package main

import (
	"context"
	"log/slog"
	"time"

	iotflow "iotflow/clients/go"
)

func (t *testee) latest(ctx context.Context, request struct {
	DeviceID int32 `json:"device_id"`
}) (any, error) {
	latest, err := t.connected().Latest(ctx, request.DeviceID)
	if err != nil {
		return nil, err
	}
	return object{"values": latest.Values, "timestamp": latest.Time.UnixMilli()}, nil
}

type rangeRequest struct {
	DeviceID    int32 `json:"device_id"`
	Start, End  int64
	PageSize    int32 `json:"page_size"`
	Window      string
	Aggregation []string
	Fields      []string
}

func (r rangeRequest) span() iotflow.Span {
	return iotflow.Span{Start: time.UnixMilli(r.Start), End: time.UnixMilli(r.End)}
}

func (t *testee) readRange(ctx context.Context, request rangeRequest) (any, error) {
	query := iotflow.RangeQuery{DeviceID: request.DeviceID, Span: request.span(), PageSize: request.PageSize}
	result := object{"first": nil, "last": nil}
	rows, pages := 0, 0
	for page, err := range t.connected().RangePages(ctx, query) {
		if err != nil {
			return nil, err
		}
		pages++
		for _, point := range page {
			if rows == 0 {
				result["first"] = point.Time.UnixMilli()
			}
			rows++
			result["last"] = point.Time.UnixMilli()
		}
	}
	result["rows"], result["pages"] = rows, pages
	return result, nil
}

func (t *testee) aggregate(ctx context.Context, request rangeRequest) (any, error) {
	windows, err := t.connected().Aggregate(ctx, iotflow.AggregateQuery{
		DeviceID: request.DeviceID, Span: request.span(), Window: request.Window, Functions: request.Aggregation,
		Fields: request.Fields,
	})
	if err != nil {
		return nil, err
	}
	forms := make([]object, 0, len(windows))
	for _, window := range windows {
		form := object{"timestamp": window.Start.UnixMilli()}
		for measurement, values := range window.Values {
			form[measurement] = values
		}
		forms = append(forms, form)
	}
	return object{"windows": forms}, nil
}

type readRequest struct {
	DeviceIDs  []int32 `json:"device_ids"`
	Start, End int64
	Since      *int64
}

func (t *testee) read(ctx context.Context, request readRequest) (any, error) {
	query := iotflow.ReadQuery{
		DeviceIDs: request.DeviceIDs, Span: iotflow.Span{Start: time.UnixMilli(request.Start), End: time.UnixMilli(request.End)},
	}
	rows, batches, sum := 0, 0, 0.0
	for columns, err := range t.connected().Read(ctx, query) {
		if err != nil {
			return nil, err
		}
		batches++
		rows += len(columns.Times)
		for i := range columns.Columns {
			for row, value := range columns.Columns[i].Doubles {
				if columns.Columns[i].IsValid(row) {
					sum += value
				}
			}
		}
	}
	return object{"rows": rows, "sum": sum, "batches": batches}, nil
}

func (t *testee) subscribe(_ context.Context, request readRequest) (any, error) {
	query := iotflow.SubscribeQuery{DeviceIDs: request.DeviceIDs}
	if request.Since != nil {
		query.Since = time.UnixMilli(*request.Since)
	}
	ctx, cancel := context.WithCancel(t.context)
	t.mu.Lock()
	t.unsubscribe = cancel
	t.mu.Unlock()
	first := make(chan error, 1)
	client := t.connected()
	go func() {
		for event, err := range client.Subscribe(ctx, query) {
			if err != nil {
				first <- err
				slog.Info("subscription_ended", "error", err)
				return
			}
			t.report(event, first)
		}
	}()
	return object{}, <-first
}

// report writes an event of a subscription. The first heartbeat goes to first.
func (t *testee) report(event iotflow.Event, first chan<- error) {
	switch event := event.(type) {
	case *iotflow.Subscribed:
		select {
		case first <- nil:
		default:
		}
	case *iotflow.Readings:
		t.reportReadings(&event.Columns)
	case *iotflow.Missed:
		t.out.event("missed", object{"count": event.Count})
	case *iotflow.Interrupted:
		t.interrupted(event.Err, event.Pause)
	}
}

func (t *testee) reportReadings(columns *iotflow.Columns) {
	for row, at := range columns.Times {
		values := object{}
		for i := range columns.Columns {
			if value := columns.Columns[i].Value(row); value != nil {
				values[columns.Columns[i].Measurement] = value
			}
		}
		deviceID := columns.DeviceID
		if len(columns.DeviceIDs) > 0 {
			deviceID = columns.DeviceIDs[row]
		}
		t.out.event("reading", object{"device_id": deviceID, "timestamp": at, "values": values})
	}
}

func (t *testee) endSubscription(context.Context, struct{}) (any, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.unsubscribe != nil {
		t.unsubscribe()
	}
	return object{}, nil
}
