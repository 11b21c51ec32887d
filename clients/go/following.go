package iotflow

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc/codes"
)

// follow runs one stream after the other until the context ends or an error is not retryable. run reads a stream to its
// end, and calls received with each message. interrupted gets each failure, and may be nil.
func (c *Client) follow(
	ctx context.Context,
	name string,
	run func(ctx context.Context, received func()) error,
	interrupted func(*Error, time.Duration),
) error {
	var pauses backoff
	for {
		generation := c.connection.credentials.current()
		err := c.followOnce(ctx, run, func() {
			pauses.reset()
			c.connection.credentials.accepted(generation)
		})
		if ctx.Err() != nil {
			return contextError(ctx)
		}
		if err.wantsCredential() {
			if err := c.connection.credentials.renew(ctx, generation, err); err != nil {
				return err
			}
			continue
		}
		if !err.isInterruption() {
			return err
		}
		pause := pauses.next(err.RetryAfter)
		c.logger.Warn("stream_interrupted", "stream", name, "code", err.Code.String(), "error", err.Message, "pause", pause)
		c.metrics.Interrupted(err, pause)
		if interrupted != nil {
			interrupted(err, pause)
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

func (c *Client) followOnce(
	ctx context.Context, run func(ctx context.Context, received func()) error, received func(),
) *Error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	err := run(ctx, received)
	if err == nil || errors.Is(err, io.EOF) {
		return &Error{Code: codes.Unavailable, Message: "The server ended the stream.", Retryable: true}
	}
	return asError(ctx, err)
}

// invalid is the error of an argument that cannot be sent.
func invalid(field string, err error) *Error {
	return &Error{Code: codes.InvalidArgument, Field: field, Message: err.Error()}
}
