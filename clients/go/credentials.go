package iotflow

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/grpc/metadata"
)

// CredentialHandler returns a new API key after the server has rejected the present one, for example one that a person
// enters. It may take any time. An empty key or an error means that there is none; the error is logged, and named by that of
// the calls. While the server accepts none of its answers, there are pauses between the questions, as between attempts to
// connect.
type CredentialHandler func(ctx context.Context, rejected *Error) (apiKey string, err error)

// credentials are those of the next call. generation counts the keys.
type credentials struct {
	handler CredentialHandler
	logger  *slog.Logger
	token   string

	mu         sync.Mutex
	apiKey     string
	generation int
	// device is that of the key, 0: not asked for yet.
	device int32
	// unproven tells that the key is an answer of the handler that the server has not accepted yet.
	unproven bool
	// pauses are those between questions, while the server accepts no answer.
	pauses backoff

	// asking is held by the caller that asks the application.
	asking gate
}

func newCredentials(config Config) *credentials {
	return &credentials{
		handler: config.OnCredentialWanted, logger: config.Logger, token: config.Token, apiKey: config.APIKey, asking: newGate(),
	}
}

// set replaces the key by one of the application.
func (c *credentials) set(apiKey string) error {
	if err := checkKey(apiKey); err != nil {
		return err
	}
	c.replace(apiKey, false)
	return nil
}

func (c *credentials) replace(apiKey string, unproven bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.apiKey != apiKey {
		c.device = 0
	}
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

func (c *credentials) hasKey() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.apiKey != ""
}

// learn records whose key that of a generation is.
func (c *credentials) learn(generation int, device int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.generation == generation {
		c.device = device
	}
}

// deviceOf returns the device of the key of a generation, or 0 where it is not known.
func (c *credentials) deviceOf(generation int) int32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.generation == generation {
		return c.device
	}
	return 0
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

// renew returns nil once there is a newer key than that of the rejected generation, which it asks for if need be, and
// otherwise the error of the calls. Callers of the same generation ask once. It returns when the context ends, also where the
// application does not answer then.
func (c *credentials) renew(ctx context.Context, generation int, rejected *Error) *Error {
	if c.asking.enter(ctx) != nil {
		return rejected
	}
	answered := make(chan *Error, 1)
	go func() {
		defer c.asking.leave()
		answered <- c.ask(ctx, generation, rejected)
	}()
	select {
	case err := <-answered:
		return err
	case <-ctx.Done():
		return rejected
	}
}

// ask asks the application, unless there is a newer key. The caller holds asking.
func (c *credentials) ask(ctx context.Context, generation int, rejected *Error) *Error {
	if c.current() != generation {
		return nil
	}
	if c.handler == nil || sleep(ctx, c.pause(rejected)) != nil {
		return rejected
	}
	if c.current() != generation {
		// The application has replaced it during the pause.
		return nil
	}
	apiKey, err := withoutPanic(func() (string, error) { return c.handler(ctx, rejected) })
	if err != nil && ctx.Err() == nil {
		c.logger.Error("handler_failed", "handler", "OnCredentialWanted", "error", err)
		return rejected.with(fmt.Sprintf("The credential handler failed: %v.", err))
	}
	if err != nil || apiKey == "" {
		return rejected
	}
	if err := checkKey(apiKey); err != nil {
		return err
	}
	c.replace(apiKey, true)
	return nil
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
