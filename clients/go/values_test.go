package iotflow

import "testing"

// Answers come from the network: a column may have fewer values than there are times.
func TestShortColumnHasNoValue(t *testing.T) {
	for name, column := range map[string]Column{
		"empty": {}, "doubles": {Doubles: []float64{1}}, "floats": {Floats: []float32{1}}, "int64s": {Int64s: []int64{1}},
		"int32s": {Int32s: []int32{1}}, "bools": {Bools: []bool{true}}, "strings": {Strings: []string{"a"}},
		"two types":      {Floats: []float32{1}, Doubles: []float64{1, 2}},
		"short validity": {Doubles: []float64{1, 2}, Valid: []bool{true}},
	} {
		if got := column.Value(1); got != nil {
			t.Errorf("%s: value 1 is %v", name, got)
		}
		if got := column.Value(-1); got != nil {
			t.Errorf("%s: value -1 is %v", name, got)
		}
		if got := column.Value(0); (got == nil) != (name == "empty") {
			t.Errorf("%s: value 0 is %v", name, got)
		}
	}
}

func TestColumnHasValuesOfOneType(t *testing.T) {
	for name, test := range map[string]struct {
		column Column
		isGood bool
	}{
		"one type":     {Column{Doubles: []float64{1, 2}}, true},
		"too short":    {Column{Doubles: []float64{1}}, false},
		"of two types": {Column{Doubles: []float64{1}, Floats: []float32{2}}, false},
		"twice":        {Column{Doubles: []float64{1, 2}, Floats: []float32{1, 2}}, false},
		"none":         {Column{}, false},
	} {
		columns := Columns{Times: []int64{1, 2}, Columns: []Column{test.column}}
		if err := columns.check(); (err == nil) != test.isGood {
			t.Errorf("%s: %v", name, err)
		}
	}
}
