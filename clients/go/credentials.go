package iotflow

import (
	"context"
	"sync"

	"google.golang.org/grpc/metadata"
)

// CredentialHandler returns a new API key after the server has rejected the present one, for example one that a person
// enters. It may take any time. An empty key or an error means that there is none.
type CredentialHandler func(ctx context.Context, rejected *Error) (apiKey string, err error)

// credentials are those of the next call. generation counts the keys.
type credentials struct {
	handler CredentialHandler
	token   string

	mu         sync.Mutex
	apiKey     string
	generation int

	// asking is held by the caller that asks the application.
	asking gate
}

func newCredentials(config Config) *credentials {
	return &credentials{handler: config.OnCredentialWanted, token: config.Token, apiKey: config.APIKey, asking: newGate()}
}

// set replaces the key.
func (c *credentials) set(apiKey string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.apiKey = apiKey
	c.generation++
}

func (c *credentials) current() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.generation
}

// attach adds the credentials to the metadata of a call.
func (c *credentials) attach(ctx context.Context) context.Context {
	c.mu.Lock()
	apiKey := c.apiKey
	c.mu.Unlock()
	if apiKey != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "x-api-key", apiKey)
	}
	if c.token != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+c.token)
	}
	return ctx
}

// renew tells whether there is a newer key than that of the rejected generation, which it asks for if need be. Callers of
// the same generation ask once.
func (c *credentials) renew(ctx context.Context, generation int, rejected *Error) bool {
	if c.asking.enter(ctx) != nil {
		return false
	}
	defer c.asking.leave()
	if c.current() != generation {
		return true
	}
	if c.handler == nil {
		return false
	}
	apiKey, err := c.handler(ctx, rejected)
	if err != nil || apiKey == "" {
		return false
	}
	c.set(apiKey)
	return true
}
