package iotflow

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	iotflowv1 "iotflow/clients/go/iotflow/v1"
)

func decoded(t *testing.T, b *batch) *iotflowv1.TelemetryBatch {
	t.Helper()
	size := b.size
	payload, err := b.encode(7)
	if err != nil {
		t.Fatal(err)
	}
	if len(payload) > size {
		t.Errorf("%d bytes, and the estimate is %d", len(payload), size)
	}
	message := &iotflowv1.TelemetryBatch{}
	if err := proto.Unmarshal(payload, message); err != nil {
		t.Fatal(err)
	}
	return message
}

func TestMissingValuesHavePlaceholders(t *testing.T) {
	b := newBatch()
	b.add(0, 1, false, []Value{Float64("a", 1), String("b", "x")})
	b.add(0, 2, false, []Value{String("b", "y"), Float64("a", math.NaN())})
	b.add(0, 3, false, []Value{Bool("c", true), Int64("d", -1)})
	columns := columnsOf(decoded(t, b))
	expected := map[string][]any{
		"a": {1.0, nil, nil}, "b": {"x", "y", nil}, "c": {nil, nil, true}, "d": {nil, nil, int64(-1)},
	}
	if len(columns.Columns) != len(expected) {
		t.Errorf("%d columns", len(columns.Columns))
	}
	for i := range columns.Columns {
		column := &columns.Columns[i]
		for row, value := range expected[column.Measurement] {
			if got := column.Value(row); got != value {
				t.Errorf("%s of row %d is %v, and %v is expected", column.Measurement, row, got, value)
			}
		}
	}
}

func TestColumnWithoutValuesIsLeftOut(t *testing.T) {
	b := newBatch()
	b.add(0, 1, false, []Value{Float32("a", float32(math.NaN())), Int32("b", 1)})
	if message := decoded(t, b); len(message.GetColumns()) != 1 || message.GetColumns()[0].GetMeasurement() != "b" {
		t.Errorf("columns %v", message.GetColumns())
	}
}

func TestSecondValueOfARowCounts(t *testing.T) {
	b := newBatch()
	b.add(0, 1, false, []Value{Float64("a", 1), Float64("a", 2)})
	if got := decoded(t, b).GetColumns()[0].GetDoubles(); len(got) != 1 || got[0] != 2 {
		t.Errorf("values %v", got)
	}
}

func TestRowsOfManyDevices(t *testing.T) {
	b := newBatch()
	for _, deviceID := range []int32{3, 3, 5} {
		if !b.accepts(deviceID, false, nil) {
			t.Fatalf("device %d is not accepted", deviceID)
		}
		b.add(deviceID, 1, false, []Value{Int32("a", deviceID)})
	}
	if b.accepts(0, false, nil) {
		t.Error("a row without a device is accepted")
	}
	message := decoded(t, b)
	if ids := message.GetDeviceIds(); message.GetDeviceId() != 0 || len(ids) != 3 || ids[0] != 3 || ids[2] != 5 {
		t.Errorf("device %d, devices %v", message.GetDeviceId(), ids)
	}
}

func TestAnotherTypeIsNotAccepted(t *testing.T) {
	b := newBatch()
	b.add(0, 1, false, []Value{Float64("a", 1)})
	if b.accepts(0, false, []Value{Int64("b", 1), Int32("a", 1)}) {
		t.Error("another type is accepted")
	}
	b.reset()
	if !b.accepts(0, false, []Value{Int32("a", 1)}) {
		t.Error("an empty batch does not accept a row")
	}
}

// The size estimate of random rows is never below the encoded size, and a batch that was used before has nothing of it.
func TestRandomRows(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	b := newBatch()
	for range 200 {
		rows := 1 + random.IntN(40)
		for row := range rows {
			values := randomValues(random)
			deviceID := int32(random.IntN(2)*row + 1)
			before, growth := b.size, b.growth(deviceID, values)
			b.add(deviceID, random.Int64(), false, values)
			if b.size-before > growth {
				t.Fatalf("the batch grew by %d, and %d was expected", b.size-before, growth)
			}
		}
		message := decoded(t, b)
		if len(message.GetTimestamps()) != rows {
			t.Fatalf("%d rows, and %d are expected", len(message.GetTimestamps()), rows)
		}
		columns := columnsOf(message)
		for i := range columns.Columns {
			if columns.Columns[i].Len() != rows {
				t.Fatalf("column %s has %d values", columns.Columns[i].Measurement, columns.Columns[i].Len())
			}
		}
		b.reset()
	}
}

func randomValues(random *rand.Rand) []Value {
	values := []Value{}
	for _, value := range []Value{
		Float64("double", random.Float64()),
		Float32("float", random.Float32()),
		Int64("long", random.Int64()-random.Int64()),
		Int32("whole", random.Int32()-random.Int32()),
		Bool("bool", random.IntN(2) == 0),
		String("text", strings.Repeat("é", random.IntN(100))),
	} {
		if random.IntN(3) > 0 {
			values = append(values, value)
		}
	}
	return values
}
