package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"

	"google.golang.org/protobuf/proto"

	iotflow "iotflow/clients/go"
	iotflowv1 "iotflow/clients/go/iotflow/v1"
)

// batchForm is the JSON form of a batch.
type batchForm struct {
	Sequence   int64        `json:"sequence,string"`
	DeviceID   int32        `json:"device_id"`
	DeviceIDs  []int32      `json:"device_ids"`
	Timestamps []string     `json:"timestamps"`
	Atomic     bool         `json:"atomic"`
	Columns    []columnForm `json:"columns"`
}

type columnForm struct {
	Measurement string            `json:"measurement"`
	Type        string            `json:"type"`
	Values      []json.RawMessage `json:"values"`
}

// column returns the column of a form; null is a row without a value.
func (f columnForm) column() (iotflow.Column, error) {
	column := iotflow.Column{Measurement: f.Measurement}
	valid := make([]bool, len(f.Values))
	missing := false
	for row, value := range f.Values {
		valid[row] = string(value) != "null"
		missing = missing || !valid[row]
	}
	if missing {
		column.Valid = valid
	}
	var err error
	switch f.Type {
	case "doubles":
		column.Doubles, err = parse[float64](f.Values)
	case "floats":
		column.Floats, err = parse[float32](f.Values)
	case "int64s":
		column.Int64s, err = parseTexts(f.Values)
	case "int32s":
		column.Int32s, err = parse[int32](f.Values)
	case "bools":
		column.Bools, err = parse[bool](f.Values)
	case "strings":
		column.Strings, err = parse[string](f.Values)
	default:
		err = fmt.Errorf("unknown type %q", f.Type)
	}
	return column, err
}

// parse reads values; null becomes the placeholder.
func parse[Element any](values []json.RawMessage) ([]Element, error) {
	parsed := make([]Element, len(values))
	for i, value := range values {
		if err := json.Unmarshal(value, &parsed[i]); err != nil {
			return nil, err
		}
	}
	return parsed, nil
}

// parseTexts reads whole numbers that are written as text.
func parseTexts(values []json.RawMessage) ([]int64, error) {
	texts, err := parse[*string](values)
	if err != nil {
		return nil, err
	}
	parsed := make([]int64, len(values))
	for i, text := range texts {
		if text == nil {
			continue
		}
		if parsed[i], err = strconv.ParseInt(*text, 10, 64); err != nil {
			return nil, err
		}
	}
	return parsed, nil
}

func (t *testee) encode(_ context.Context, request struct{ Batch batchForm }) (any, error) {
	form := request.Batch
	batch := &iotflowv1.TelemetryBatch{
		Sequence: form.Sequence, DeviceId: form.DeviceID, DeviceIds: form.DeviceIDs, Atomic: form.Atomic,
	}
	for _, text := range form.Timestamps {
		at, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, err
		}
		batch.Timestamps = append(batch.Timestamps, at)
	}
	for _, each := range form.Columns {
		column, err := each.column()
		if err != nil {
			return nil, err
		}
		batch.Columns = append(batch.Columns, &iotflowv1.Column{
			Measurement: column.Measurement, Validity: bitmap(column.Valid), Doubles: column.Doubles, Floats: column.Floats,
			Int64S: column.Int64s, Int32S: column.Int32s, Bools: column.Bools, Strings: column.Strings,
		})
	}
	encoded, err := proto.Marshal(batch)
	return object{"hex": hex.EncodeToString(encoded)}, err
}

func bitmap(valid []bool) []byte {
	if valid == nil {
		return nil
	}
	bits := make([]byte, (len(valid)+7)/8)
	for row, isValid := range valid {
		if isValid {
			bits[row/8] |= 1 << (row % 8)
		}
	}
	return bits
}

func (t *testee) decode(_ context.Context, request struct{ Hex string }) (any, error) {
	encoded, err := hex.DecodeString(request.Hex)
	if err != nil {
		return nil, err
	}
	batch := &iotflowv1.TelemetryBatch{}
	if err := proto.Unmarshal(encoded, batch); err != nil {
		return nil, err
	}
	form := object{
		"sequence": strconv.FormatInt(batch.GetSequence(), 10), "device_id": batch.GetDeviceId(),
		"device_ids": append([]int32{}, batch.GetDeviceIds()...), "atomic": batch.GetAtomic(),
	}
	times := []string{}
	for _, at := range batch.GetTimestamps() {
		times = append(times, strconv.FormatInt(at, 10))
	}
	columns := []object{}
	for _, column := range batch.GetColumns() {
		columns = append(columns, formOf(column))
	}
	form["timestamps"], form["columns"] = times, columns
	return object{"batch": form}, nil
}

// formOf returns the JSON form of a column.
func formOf(column *iotflowv1.Column) object {
	kind, values := "doubles", anys(column.GetDoubles())
	switch {
	case len(column.GetFloats()) > 0:
		kind, values = "floats", nil
		for _, value := range column.GetFloats() {
			// As a double, which has more digits.
			values = append(values, float64(value))
		}
	case len(column.GetInt64S()) > 0:
		kind, values = "int64s", nil
		for _, value := range column.GetInt64S() {
			values = append(values, strconv.FormatInt(value, 10))
		}
	case len(column.GetInt32S()) > 0:
		kind, values = "int32s", anys(column.GetInt32S())
	case len(column.GetBools()) > 0:
		kind, values = "bools", anys(column.GetBools())
	case len(column.GetStrings()) > 0:
		kind, values = "strings", anys(column.GetStrings())
	}
	if validity := column.GetValidity(); len(validity) > 0 {
		for row := range values {
			if validity[row/8]>>(row%8)&1 == 0 {
				values[row] = nil
			}
		}
	}
	return object{"measurement": column.GetMeasurement(), "type": kind, "values": values}
}

func anys[Element any](values []Element) []any {
	converted := make([]any, len(values))
	for i, value := range values {
		converted[i] = value
	}
	return converted
}
