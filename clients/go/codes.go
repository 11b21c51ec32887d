package iotflow

import (
	"strings"

	"google.golang.org/grpc/codes"
)

// StatusWord returns the name of a status as the gRPC specification writes it, such as INVALID_ARGUMENT.
func StatusWord(code codes.Code) string {
	switch code {
	case codes.OK:
		return "OK"
	case codes.Canceled:
		return "CANCELLED"
	default:
	}
	var word strings.Builder
	for i, letter := range code.String() {
		if i > 0 && letter >= 'A' && letter <= 'Z' {
			word.WriteByte('_')
		}
		word.WriteRune(letter)
	}
	return strings.ToUpper(word.String())
}
