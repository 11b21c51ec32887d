package iotflow

import (
	"bytes"
	"encoding/json"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"
)

// jsonObject returns the object as the contract carries it. It fails where JSON cannot express a value, such as NaN.
func jsonObject(values map[string]any) (*structpb.Struct, error) {
	object, err := structpb.NewStruct(values)
	if err != nil {
		return nil, err
	}
	// NewStruct takes numbers that are not finite.
	_, err = protojson.Marshal(object)
	return object, err
}

// jsonSize returns the bytes of an object as JSON without spaces, as the server counts them: a character beyond printable
// ASCII takes those of its escapes.
func jsonSize(object *structpb.Struct) (size int) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	// It has JSON's values only.
	_ = encoder.Encode(object.AsMap())
	for _, letter := range string(bytes.TrimSuffix(text.Bytes(), []byte("\n"))) {
		switch {
		case letter >= ' ' && letter <= '~':
			size++
		case letter > 0xFFFF:
			size += 2 * len(`\u0000`)
		default:
			size += len(`\u0000`)
		}
	}
	return size
}
