package iotflow

import (
	"fmt"

	"google.golang.org/grpc/codes"
)

const (
	longestKey   = 128
	longestToken = 4096
)

// checkKey returns an error where the key cannot be one, because no later attempt can succeed. An empty key is none.
func checkKey(apiKey string) *Error { return checkCredential("api_key", apiKey, longestKey) }

// checkToken is the same for a token.
func checkToken(token string) *Error { return checkCredential("token", token, longestToken) }

// checkCredential names the field and never the value, which would come into logs.
func checkCredential(field, value string, longest int) *Error {
	if len(value) <= longest && isPrintable(value) {
		return nil
	}
	message := fmt.Sprintf(
		"The %s is not 1 to %d printable ASCII characters without spaces. It may have the newline of the file it was read from.",
		field, longest,
	)
	return &Error{Code: codes.InvalidArgument, Field: field, Message: message}
}

// isPrintable tells whether all characters are printable ones of ASCII other than the space.
func isPrintable(value string) bool {
	for i := range len(value) {
		if value[i] <= ' ' || value[i] > '~' {
			return false
		}
	}
	return true
}
