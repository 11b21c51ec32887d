package iotflow

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	iotflowv1 "iotflow/clients/go/iotflow/v1"
)

const (
	// Bytes of the fields of a batch beside its rows and columns, and of a column beside its name and values.
	batchOverhead  = 64
	columnOverhead = 32
	// Bytes of a device, of a row's time and device, and of a placeholder with its bit.
	deviceBytes = 5
	rowOverhead = 10 + deviceBytes
	gapBytes    = 9
)

// batch collects rows until they are sealed. Its slices are used again for the next batch.
type batch struct {
	deviceID  int32
	deviceIDs []int32
	times     []int64
	columns   []batchColumn
	index     map[string]int
	// size is at least the number of bytes of the encoded batch.
	size int
	// relative: the times are counted from the start of the server clock, whose offset is not known yet.
	relative bool
}

// batchColumn has a value or a placeholder for the first `rows` rows. bitmap is nil while all of them have values.
type batchColumn struct {
	column *iotflowv1.Column
	kind   valueType
	rows   int
	values int
	bitmap []byte
}

func newBatch() *batch {
	return &batch{size: batchOverhead, index: map[string]int{}}
}

func (b *batch) rows() int { return len(b.times) }

// place returns the column of a value, where it is expected to be, or -1.
func (b *batch) place(expected int, measurement string) int {
	if expected < len(b.columns) && b.columns[expected].column.Measurement == measurement {
		return expected
	}
	if place, ok := b.index[measurement]; ok {
		return place
	}
	return -1
}

// accepts tells whether the row may be in this batch: a measurement has one type, and rows without a device are not mixed
// with others.
func (b *batch) accepts(deviceID int32, relative bool, values []Value) bool {
	if b.rows() == 0 {
		return true
	}
	if relative != b.relative || deviceID != b.deviceID && (deviceID == 0 || b.deviceID == 0) {
		return false
	}
	for i := range values {
		if place := b.place(i, values[i].measurement); place >= 0 && b.columns[place].kind != values[i].kind {
			return false
		}
	}
	return true
}

// growth returns the largest number of bytes that the row may add.
func (b *batch) growth(deviceID int32, values []Value) int {
	bytes := rowOverhead + (gapBytes+1)*len(b.columns)
	if deviceID != b.deviceID && len(b.deviceIDs) == 0 {
		bytes += deviceBytes * b.rows()
	}
	for i := range values {
		value := &values[i]
		bytes += valueBytes(value)
		if b.place(i, value.measurement) < 0 {
			bytes += columnOverhead + len(value.measurement) + gapBytes*b.rows()
		}
	}
	return bytes
}

func valueBytes(value *Value) int {
	switch value.kind {
	case doubleType:
		return 8
	case floatType:
		return 4
	case int64Type, int32Type:
		return protowire.SizeVarint(value.bits)
	case boolType:
		return 1
	default:
		return 1 + protowire.SizeBytes(len(value.text))
	}
}

// add appends a row, which the batch must accept.
func (b *batch) add(deviceID int32, time int64, relative bool, values []Value) {
	row := b.rows()
	if row == 0 {
		b.deviceID, b.relative = deviceID, relative
	}
	b.addDevice(deviceID, row)
	b.times = append(b.times, time)
	b.size += protowire.SizeVarint(uint64(time)) + (len(b.columns)+7)/8
	missing := len(b.columns)
	for i := range values {
		value := &values[i]
		if value.isMissing() {
			continue
		}
		place := b.place(i, value.measurement)
		if place < 0 {
			place = b.addColumn(value)
			b.size += gapBytes * row
		} else {
			missing--
		}
		b.columns[place].add(row, value)
		b.size += valueBytes(value)
	}
	b.size += gapBytes * max(missing, 0)
}

func (b *batch) addDevice(deviceID int32, row int) {
	if deviceID == b.deviceID && len(b.deviceIDs) == 0 {
		return
	}
	for len(b.deviceIDs) < row {
		b.deviceIDs = append(b.deviceIDs, b.deviceID)
		b.size += deviceBytes
	}
	b.deviceIDs = append(b.deviceIDs, deviceID)
	b.size += deviceBytes
}

func (b *batch) addColumn(value *Value) int {
	place := len(b.columns)
	b.index[value.measurement] = place
	b.size += columnOverhead + len(value.measurement)
	if place < cap(b.columns) {
		b.columns = b.columns[:place+1]
		if former := &b.columns[place]; former.column != nil && former.kind == value.kind {
			former.clear(value.measurement)
			return place
		}
	} else {
		b.columns = append(b.columns, batchColumn{})
	}
	b.columns[place] = batchColumn{column: &iotflowv1.Column{Measurement: value.measurement}, kind: value.kind}
	return place
}

func (c *batchColumn) clear(measurement string) {
	column := c.column
	column.Measurement, column.Validity = measurement, nil
	column.Doubles, column.Floats = column.Doubles[:0], column.Floats[:0]
	column.Int64S, column.Int32S = column.Int64S[:0], column.Int32S[:0]
	column.Bools, column.Strings = column.Bools[:0], column.Strings[:0]
	c.rows, c.values, c.bitmap = 0, 0, nil
}

// add appends the value of a row, after placeholders for the rows before.
func (c *batchColumn) add(row int, value *Value) {
	if c.rows > row {
		// The row has two values of the measurement; the later one counts.
		c.remove()
	}
	c.fill(row)
	c.append(value)
	c.values++
	c.rows++
	if c.bitmap != nil {
		c.mark(row)
	}
}

func (c *batchColumn) remove() {
	column := c.column
	c.rows--
	c.values--
	switch c.kind {
	case doubleType:
		column.Doubles = column.Doubles[:c.rows]
	case floatType:
		column.Floats = column.Floats[:c.rows]
	case int64Type:
		column.Int64S = column.Int64S[:c.rows]
	case int32Type:
		column.Int32S = column.Int32S[:c.rows]
	case boolType:
		column.Bools = column.Bools[:c.rows]
	case stringType:
		column.Strings = column.Strings[:c.rows]
	}
}

// fill appends placeholders up to `rows` rows.
func (c *batchColumn) fill(rows int) {
	if c.rows == rows {
		return
	}
	if c.bitmap == nil {
		c.bitmap = make([]byte, 0, (rows+8)/8)
		for row := range c.rows {
			c.mark(row)
		}
	}
	placeholder := Value{kind: c.kind}
	for ; c.rows < rows; c.rows++ {
		c.append(&placeholder)
	}
	for len(c.bitmap) < (rows+7)/8 {
		c.bitmap = append(c.bitmap, 0)
	}
}

func (c *batchColumn) mark(row int) {
	for len(c.bitmap) <= row/8 {
		c.bitmap = append(c.bitmap, 0)
	}
	c.bitmap[row/8] |= 1 << (row % 8)
}

func (c *batchColumn) append(value *Value) {
	column := c.column
	switch c.kind {
	case doubleType:
		column.Doubles = append(column.Doubles, math.Float64frombits(value.bits))
	case floatType:
		column.Floats = append(column.Floats, math.Float32frombits(uint32(value.bits)))
	case int64Type:
		column.Int64S = append(column.Int64S, int64(value.bits))
	case int32Type:
		column.Int32S = append(column.Int32S, int32(uint32(value.bits)))
	case boolType:
		column.Bools = append(column.Bools, value.bits != 0)
	case stringType:
		column.Strings = append(column.Strings, value.text)
	}
}

// encode returns the bytes of the batch.
func (b *batch) encode(sequence int64) ([]byte, error) {
	message := iotflowv1.TelemetryBatch{Sequence: sequence, Timestamps: b.times}
	if len(b.deviceIDs) > 0 {
		message.DeviceIds = b.deviceIDs
	} else {
		message.DeviceId = b.deviceID
	}
	message.Columns = make([]*iotflowv1.Column, 0, len(b.columns))
	for i := range b.columns {
		column := &b.columns[i]
		if column.values == 0 {
			continue
		}
		column.fill(b.rows())
		column.column.Validity = column.bitmap
		message.Columns = append(message.Columns, column.column)
	}
	return proto.Marshal(&message)
}

// shift adds the offset of the server clock to relative times.
func (b *batch) shift(offset int64) {
	if !b.relative {
		return
	}
	for i := range b.times {
		b.times[i] += offset
	}
	b.relative = false
}

// reset removes all rows.
func (b *batch) reset() {
	b.deviceID, b.deviceIDs, b.times = 0, b.deviceIDs[:0], b.times[:0]
	b.columns = b.columns[:0]
	clear(b.index)
	b.size = batchOverhead
	b.relative = false
}
