package iotflow

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc/metadata"
)

// CredentialHandler returns a new API key after the server has rejected the present one, for example one that a person
// enters. It may take any time. An empty key or an error means that there is none. While the server accepts none of its
// answers, there are pauses between the questions, as between attempts to connect.
type CredentialHandler func(ctx context.Context, rejected *Error) (apiKey string, err error)

// credentials are those of the next call. generation counts the keys.
type credentials struct {
	handler CredentialHandler
	token   string

	mu         sync.Mutex
	apiKey     string
	generation int
	// unproven tells that the key is an answer of the handler that the server has not accepted yet.
	unproven bool
	// pauses are those between questions, while the server accepts no answer.
	pauses backoff

	// asking is held by the caller that asks the application.
	asking gate
}

func newCredentials(config Config) *credentials {
	return &credentials{handler: config.OnCredentialWanted, token: config.Token, apiKey: config.APIKey, asking: newGate()}
}

// set replaces the key by one of the application.
func (c *credentials) set(apiKey string) { c.replace(apiKey, false) }

func (c *credentials) replace(apiKey string, unproven bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.apiKey = apiKey
	c.generation++
	c.unproven = unproven
	if !unproven {
		c.pauses.reset()
	}
}

// accepted records that the server accepts the key of a generation: the next question comes without a pause.
func (c *credentials) accepted(generation int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.generation == generation {
		c.unproven = false
		c.pauses.reset()
	}
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
	if c.handler == nil || sleep(ctx, c.pause(rejected)) != nil {
		return false
	}
	if c.current() != generation {
		// The application has replaced it during the pause.
		return true
	}
	apiKey, err := c.handler(ctx, rejected)
	if err != nil || apiKey == "" {
		return false
	}
	c.replace(apiKey, true)
	return true
}

// pause returns the time until the next question: none before the first one.
func (c *credentials) pause(rejected *Error) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.unproven {
		return 0
	}
	return c.pauses.next(rejected.RetryAfter)
}
