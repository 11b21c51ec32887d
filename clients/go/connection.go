package iotflow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc"
	grpcbackoff "google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
)

const (
	connectTimeout = 10 * time.Second
	// Networks of phones forget a silent connection after some minutes; a vanished peer is noticed within 40 s.
	pingAfter   = 30 * time.Second
	pingTimeout = 10 * time.Second
	// A batch of readings in an answer, with room for columns of text.
	largestAnswer = 64 << 20
	advice        = "Check the host, the port, and whether the server expects TLS or a certificate of the client."
)

// connection adds credentials to calls, makes an *Error of their errors, and connects again after a failure. It implements
// grpc.ClientConnInterface, so that all stubs can use it.
//
// A channel of grpc-go that could not connect pauses by itself, and fails calls at once meanwhile. Each attempt to connect
// therefore has a channel of its own, and only package iotflow decides about pauses.
type connection struct {
	target      string
	options     []grpc.DialOption
	credentials *credentials

	mu      sync.Mutex
	channel *grpc.ClientConn
	// failure tells why the last channel was discarded.
	failure string
	closed  bool
}

func newConnection(target string, config Config) *connection {
	security := insecure.NewCredentials()
	var authority []grpc.DialOption
	if config.TLS != nil {
		security = fileCredentials{*config.TLS}
		if config.TLS.ServerName != "" {
			authority = append(authority, grpc.WithAuthority(config.TLS.ServerName))
		}
	}
	return &connection{
		target:      target,
		failure:     fmt.Sprintf("The connection to %s failed.", target),
		credentials: newCredentials(config),
		options: append(authority,
			grpc.WithTransportCredentials(security),
			grpc.WithUserAgent("iotflow-go/"+Version),
			grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: pingAfter, Timeout: pingTimeout}),
			grpc.WithConnectParams(grpc.ConnectParams{
				Backoff:           grpcbackoff.Config{BaseDelay: connectTimeout, Multiplier: 1, MaxDelay: connectTimeout},
				MinConnectTimeout: connectTimeout,
			}),
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(largestAnswer)),
			grpc.WithDisableRetry(),
			// The program states the way to the server. A proxy of the environment is often meant for other programs.
			grpc.WithNoProxy(),
		),
	}
}

// open returns the channel of the next call.
func (c *connection) open() (*grpc.ClientConn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, &Error{Code: codes.FailedPrecondition, Message: "The client is closed."}
	}
	if c.channel != nil && c.channel.GetState() == connectivity.TransientFailure {
		_ = c.channel.Close()
		c.channel = nil
	}
	if c.channel == nil {
		// The dialer looks the name up. The resolver of grpc-go has no cause in the error of a name without addresses.
		channel, err := grpc.NewClient("passthrough:///"+c.target, c.options...)
		if err != nil {
			return nil, &Error{Code: codes.InvalidArgument, Field: "target", Message: err.Error()}
		}
		c.channel = channel
	}
	return c.channel, nil
}

// discard closes a channel that could not connect, so that it does not try again by itself, and names the target in the
// error of the call.
func (c *connection) discard(failed *grpc.ClientConn, err *Error) *Error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch failed.GetState() {
	case connectivity.TransientFailure:
		if err.Code == codes.Unavailable {
			err.Message = fmt.Sprintf("The connection to %s failed: %s. %s", c.target, err.Message, advice)
			c.failure = err.Message
		}
		if c.channel == failed {
			_ = failed.Close()
			c.channel = nil
		}
	case connectivity.Shutdown:
		// Another call has discarded the channel that this one waited for.
		if err.Code == codes.Canceled && err.cause == nil && !c.closed {
			return &Error{Code: codes.Unavailable, Message: c.failure, Retryable: true}
		}
	default:
	}
	return err
}

func (c *connection) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if c.channel == nil {
		return nil
	}
	err := c.channel.Close()
	c.channel = nil
	return err
}

// Invoke is a call with one request and one answer.
func (c *connection) Invoke(ctx context.Context, method string, request, answer any, options ...grpc.CallOption) error {
	channel, err := c.open()
	if err != nil {
		return err
	}
	var header, trailer metadata.MD
	options = append(options, grpc.Header(&header), grpc.Trailer(&trailer))
	if err := channel.Invoke(c.credentials.attach(ctx), method, request, answer, options...); err != nil {
		return c.discard(channel, asError(ctx, err, header, trailer))
	}
	return nil
}

// NewStream begins a call with a stream.
func (c *connection) NewStream(
	ctx context.Context, description *grpc.StreamDesc, method string, options ...grpc.CallOption,
) (grpc.ClientStream, error) {
	channel, err := c.open()
	if err != nil {
		return nil, err
	}
	call, err := channel.NewStream(c.credentials.attach(ctx), description, method, options...)
	if err != nil {
		return nil, c.discard(channel, asError(ctx, err))
	}
	return stream{call}, nil
}

// stream makes an *Error of the errors of a call.
type stream struct{ grpc.ClientStream }

func (s stream) SendMsg(message any) error {
	return s.translate(s.ClientStream.SendMsg(message))
}

func (s stream) RecvMsg(message any) error {
	return s.translate(s.ClientStream.RecvMsg(message))
}

func (s stream) translate(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	// The call has ended, so its header does not block.
	header, _ := s.Header()
	return asError(s.Context(), err, header, s.Trailer())
}
