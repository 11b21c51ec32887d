package iotflow

import (
	"context"
	"errors"
	"io"
	"iter"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/structpb"

	iotflowv1 "iotflow/clients/go/iotflow/v1"
)

// Point is the values of one device at one time: float64, bool, string, or nil. Whole numbers beyond 2^53 are strings.
type Point struct {
	Time   time.Time
	Values map[string]any
}

// Window has the aggregates of one window: a number, text or nil by measurement and function.
type Window struct {
	Start  time.Time
	Values map[string]map[string]any
}

// Span is a range of time. It includes Start and excludes End. A zero End is now.
type Span struct {
	Start, End time.Time
}

// Latest returns the newest value of each measurement, and the newest of their times. The time is zero where the device has
// no readings. Without fields, all measurements are returned.
func (c *Client) Latest(ctx context.Context, deviceID int32, fields ...string) (Point, error) {
	request := &iotflowv1.GetLatestTelemetryRequest{DeviceId: deviceID, Fields: fields}
	answer, err := c.telemetry().GetLatestTelemetry(ctx, request)
	if err != nil {
		return Point{}, err
	}
	latest := Point{Values: answer.GetLatestData().AsMap()}
	if answer.GetTimestamp() != nil {
		latest.Time = answer.GetTimestamp().AsTime()
	}
	return latest, nil
}

// RangeQuery asks for readings of one device.
type RangeQuery struct {
	DeviceID int32
	Span     Span
	// Fields are measurements. Empty: all.
	Fields []string
	// PageSize is the number of readings in a page. 0: 1000.
	PageSize int32
}

// Range returns readings, oldest first. It asks for the next page when the former one is read. After an error the
// iteration ends.
func (c *Client) Range(ctx context.Context, query RangeQuery) iter.Seq2[Point, error] {
	return func(yield func(Point, error) bool) {
		for page, err := range c.RangePages(ctx, query) {
			if err != nil {
				yield(Point{}, err)
				return
			}
			for _, point := range page {
				if !yield(point, nil) {
					return
				}
			}
		}
	}
}

// RangePages returns the same page by page.
func (c *Client) RangePages(ctx context.Context, query RangeQuery) iter.Seq2[[]Point, error] {
	request := &iotflowv1.GetTelemetryRangeRequest{
		DeviceId: query.DeviceID, StartTime: timeWord(query.Span.Start), EndTime: timeWord(query.Span.End), Fields: query.Fields,
	}
	if query.PageSize != 0 {
		request.PageSize = &query.PageSize
	}
	return func(yield func([]Point, error) bool) {
		for page, err := range Pages(ctx, c.telemetry().GetTelemetryRange, request) {
			var points []Point
			if err == nil {
				points, err = pointsOf(page.GetData())
			}
			if !yield(points, err) || err != nil {
				return
			}
		}
	}
}

// AggregateQuery asks for aggregates of one device.
type AggregateQuery struct {
	DeviceID int32
	Span     Span
	// Window is a duration such as 5m or 1h. Empty: 1h.
	Window string
	// Functions such as iotflowv1.AggregationCount. Empty: avg.
	Functions []string
	// Fields are measurements. Empty: all to which the functions apply.
	Fields []string
	// Fill is the value of windows without readings, such as iotflowv1.FillLinear. Empty: such windows are left out.
	Fill string
}

// Aggregate returns aggregates over windows of time, oldest first.
func (c *Client) Aggregate(ctx context.Context, query AggregateQuery) ([]Window, error) {
	answer, err := c.telemetry().AggregateTelemetry(ctx, &iotflowv1.AggregateTelemetryRequest{
		DeviceId: query.DeviceID, StartTime: timeWord(query.Span.Start), EndTime: timeWord(query.Span.End),
		Window: query.Window, Aggregation: query.Functions, Fields: query.Fields, Fill: query.Fill,
	})
	if err != nil {
		return nil, err
	}
	points, err := pointsOf(answer.GetData())
	if err != nil {
		return nil, err
	}
	windows := make([]Window, 0, len(points))
	for _, point := range points {
		window := Window{Start: point.Time, Values: make(map[string]map[string]any, len(point.Values))}
		for measurement, value := range point.Values {
			window.Values[measurement], _ = value.(map[string]any)
		}
		windows = append(windows, window)
	}
	return windows, nil
}

// ReadQuery asks for readings of many devices as columns.
type ReadQuery struct {
	// DeviceIDs are the devices. Empty: all that the caller may read.
	DeviceIDs []int32
	// Fields are measurements. Empty: all.
	Fields      []string
	Span        Span
	NewestFirst bool
}

// Read returns readings as columns, device by device, in the order of time. A connection that breaks ends the iteration
// with an error, never silently.
func (c *Client) Read(ctx context.Context, query ReadQuery) iter.Seq2[Columns, error] {
	return func(yield func(Columns, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		call, err := c.telemetry().ReadTelemetry(ctx, &iotflowv1.ReadTelemetryRequest{
			DeviceIds: query.DeviceIDs, Fields: query.Fields, StartTime: timeWord(query.Span.Start),
			EndTime: timeWord(query.Span.End), NewestFirst: query.NewestFirst,
		})
		for err == nil {
			var answer *iotflowv1.ReadTelemetryResponse
			if answer, err = call.Recv(); err == nil && !yield(columnsOf(answer.GetBatch()), nil) {
				return
			}
		}
		if !errors.Is(err, io.EOF) {
			yield(Columns{}, err)
		}
	}
}

// timeWord writes a time of a request; the zero time is left out.
func timeWord(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339Nano)
}

// pointsOf splits objects {timestamp, <measurement>: value …}.
func pointsOf(data []*structpb.Struct) ([]Point, error) {
	points := make([]Point, 0, len(data))
	for _, object := range data {
		values := object.AsMap()
		at, err := parseTime(values["timestamp"])
		if err != nil {
			return nil, invalid("timestamp", err)
		}
		delete(values, "timestamp")
		points = append(points, Point{Time: at, Values: values})
	}
	return points, nil
}

func parseTime(value any) (time.Time, error) {
	if milliseconds, ok := value.(float64); ok {
		return time.UnixMilli(int64(milliseconds)), nil
	}
	text, _ := value.(string)
	if milliseconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.UnixMilli(milliseconds), nil
	}
	return time.Parse(time.RFC3339Nano, text)
}

// columnsOf returns the columns of a batch, which share its memory.
func columnsOf(batch *iotflowv1.TelemetryBatch) Columns {
	columns := Columns{
		DeviceID: batch.GetDeviceId(), DeviceIDs: batch.GetDeviceIds(), Times: batch.GetTimestamps(),
		Columns: make([]Column, 0, len(batch.GetColumns())),
	}
	for _, column := range batch.GetColumns() {
		columns.Columns = append(columns.Columns, Column{
			Measurement: column.GetMeasurement(), Valid: validRows(column.GetValidity(), len(columns.Times)),
			Doubles: column.GetDoubles(), Floats: column.GetFloats(), Int64s: column.GetInt64S(),
			Int32s: column.GetInt32S(), Bools: column.GetBools(), Strings: column.GetStrings(),
		})
	}
	return columns
}

func validRows(bitmap []byte, rows int) []bool {
	if len(bitmap) == 0 {
		return nil
	}
	valid := make([]bool, rows)
	for row := range valid {
		valid[row] = row/8 < len(bitmap) && bitmap[row/8]>>(row%8)&1 == 1
	}
	return valid
}
