package iotflow

import (
	"log/slog"

	"google.golang.org/grpc"

	iotflowv1 "iotflow/clients/go/iotflow/v1"
)

// Version of this client, the same as the server's.
const Version = "0.1.0"

// Config configures a Client. The zero value connects without TLS and without credentials.
type Config struct {
	// APIKey of a device.
	APIKey string
	// Token of a gateway, registrar, viewer or admin.
	Token string
	// TLS protects the connection. nil: no TLS.
	TLS *TLS
	// OnCredentialWanted returns a new key when the server has rejected the present one. nil: calls fail with the error.
	// What handlers, here and elsewhere, panic with is logged as handler_failed, and has no other effect.
	OnCredentialWanted CredentialHandler
	// Logger receives structured events with names in snake_case. nil: none.
	Logger *slog.Logger
	// Metrics receives numbers. nil: none.
	Metrics Metrics
}

// Client is a connection to a server. It connects with the first call, and again after a failure. All methods may be called
// concurrently.
type Client struct {
	connection *connection
	logger     *slog.Logger
	metrics    Metrics
	clock      *ServerClock
}

// New returns a client of the server at host:port, with an IPv6 address in brackets. Close ends it. It fails with
// INVALID_ARGUMENT where the target, the key or the token has another form. A proxy that the environment names is not used.
func New(target string, config Config) (*Client, error) {
	if err := checkTarget(target); err != nil {
		return nil, err
	}
	if err := checkKey(config.APIKey); err != nil {
		return nil, err
	}
	if err := checkToken(config.Token); err != nil {
		return nil, err
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	client := &Client{connection: newConnection(target, config), logger: config.Logger, metrics: noMetrics{}}
	if config.Metrics != nil {
		client.metrics = containedMetrics{config.Metrics, config.Logger}
	}
	client.clock = newServerClock(client)
	return client, nil
}

// Conn returns the connection for stubs of package iotflowv1. Their errors are *Error, and their calls carry the
// credentials of the client.
func (c *Client) Conn() grpc.ClientConnInterface { return c.connection }

// SetAPIKey replaces the device's key; calls and streams from now on use it. It fails with INVALID_ARGUMENT where no key can
// be like this.
func (c *Client) SetAPIKey(apiKey string) error { return c.connection.credentials.set(apiKey) }

// Close ends all calls. Close writers before.
func (c *Client) Close() error { return c.connection.close() }

func (c *Client) telemetry() iotflowv1.TelemetryServiceClient {
	return iotflowv1.NewTelemetryServiceClient(c.connection)
}

func (c *Client) device() iotflowv1.DeviceServiceClient {
	return iotflowv1.NewDeviceServiceClient(c.connection)
}
