package iotflow

import (
	"math"
	"time"
)

// valueType is a type of the contract's columns.
type valueType uint8

const (
	doubleType valueType = iota
	floatType
	int64Type
	int32Type
	boolType
	stringType
)

// Value is one measured value. Make it with [Float64], [Float32], [Int64], [Int32], [Bool] or [String].
type Value struct {
	measurement string
	kind        valueType
	bits        uint64
	text        string
}

// Float64 returns a value of type DOUBLE. NaN is no value.
func Float64(measurement string, value float64) Value {
	return Value{measurement: measurement, kind: doubleType, bits: math.Float64bits(value)}
}

// Float32 returns a value of type FLOAT. NaN is no value.
func Float32(measurement string, value float32) Value {
	return Value{measurement: measurement, kind: floatType, bits: uint64(math.Float32bits(value))}
}

// Int64 returns a value of type INT64.
func Int64(measurement string, value int64) Value {
	return Value{measurement: measurement, kind: int64Type, bits: uint64(value)}
}

// Int32 returns a value of type INT32, for whole numbers of 32 bits and fewer.
func Int32(measurement string, value int32) Value {
	return Value{measurement: measurement, kind: int32Type, bits: uint64(value)}
}

// Bool returns a value of type BOOLEAN.
func Bool(measurement string, value bool) Value {
	if value {
		return Value{measurement: measurement, kind: boolType, bits: 1}
	}
	return Value{measurement: measurement, kind: boolType}
}

// String returns a value of type TEXT.
func String(measurement, value string) Value {
	return Value{measurement: measurement, kind: stringType, text: value}
}

// isMissing tells whether the value is NaN.
func (v *Value) isMissing() bool {
	switch v.kind {
	case doubleType:
		return math.IsNaN(math.Float64frombits(v.bits))
	case floatType:
		return math.IsNaN(float64(math.Float32frombits(uint32(v.bits))))
	default:
		return false
	}
}

// Row is the values of one device at one time.
type Row struct {
	// DeviceID names the device. 0: the device of the key.
	DeviceID int32
	// Time of the row, stored in milliseconds. Zero: now, by the clock of the writer.
	Time time.Time
	// Values of different measurements.
	Values []Value
}

// Columns are many rows of one device: row i has the time Times[i] and value i of each column.
type Columns struct {
	// DeviceID names the device. 0: the device of the key.
	DeviceID int32
	// DeviceIDs names the device of each row, in place of DeviceID. In answers only.
	DeviceIDs []int32
	// Times in milliseconds since 1970 UTC.
	Times []int64
	// Columns of different measurements.
	Columns []Column
}

// Column is one measurement of Columns. Exactly one of the slices has a value for each row.
type Column struct {
	Measurement string
	// Valid tells which rows have a value. nil: all. Rows without a value need a placeholder.
	Valid   []bool
	Doubles []float64
	Floats  []float32
	Int64s  []int64
	Int32s  []int32
	Bools   []bool
	Strings []string
}

// lengths are those of the slices.
func (c *Column) lengths() [6]int {
	return [...]int{len(c.Doubles), len(c.Floats), len(c.Int64s), len(c.Int32s), len(c.Bools), len(c.Strings)}
}

// Len returns the number of rows.
func (c *Column) Len() (rows int) {
	for _, length := range c.lengths() {
		rows += length
	}
	return rows
}

// hasOneSlice tells whether one slice has a value for each row, and the others are empty.
func (c *Column) hasOneSlice(rows int) bool {
	for _, length := range c.lengths() {
		if length != 0 && length != rows {
			return false
		}
	}
	return c.Len() == rows
}

// IsValid tells whether row i has a value.
func (c *Column) IsValid(i int) bool {
	return c.Valid == nil || i >= 0 && i < len(c.Valid) && c.Valid[i]
}

// Value returns value i as float64, float32, int64, int32, bool or string, or nil where there is none.
func (c *Column) Value(i int) any {
	if !c.IsValid(i) {
		return nil
	}
	switch c.kind() {
	case floatType:
		return element(c.Floats, i)
	case int64Type:
		return element(c.Int64s, i)
	case int32Type:
		return element(c.Int32s, i)
	case boolType:
		return element(c.Bools, i)
	case stringType:
		return element(c.Strings, i)
	default:
		return element(c.Doubles, i)
	}
}

// element returns value i, or nil: the column of an answer may be shorter than its times.
func element[T any](values []T, i int) any {
	if i < 0 || i >= len(values) {
		return nil
	}
	return values[i]
}

func (c *Column) kind() valueType {
	switch {
	case len(c.Floats) > 0:
		return floatType
	case len(c.Int64s) > 0:
		return int64Type
	case len(c.Int32s) > 0:
		return int32Type
	case len(c.Bools) > 0:
		return boolType
	case len(c.Strings) > 0:
		return stringType
	default:
		return doubleType
	}
}

// at returns value i for a batch.
func (c *Column) at(i int) Value {
	switch c.kind() {
	case floatType:
		return Float32(c.Measurement, c.Floats[i])
	case int64Type:
		return Int64(c.Measurement, c.Int64s[i])
	case int32Type:
		return Int32(c.Measurement, c.Int32s[i])
	case boolType:
		return Bool(c.Measurement, c.Bools[i])
	case stringType:
		return String(c.Measurement, c.Strings[i])
	default:
		return Float64(c.Measurement, c.Doubles[i])
	}
}
