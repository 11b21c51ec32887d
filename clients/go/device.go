package iotflow

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/structpb"

	iotflowv1 "iotflow/clients/go/iotflow/v1"
)

// Register creates a device, and uses its key from then on. Keep the key: the server shows it only once. Where
// registration is not open to anyone, the client needs the token of a registrar or admin.
func (c *Client) Register(ctx context.Context, device *iotflowv1.RegisterDeviceRequest) (*iotflowv1.Device, error) {
	answer, err := c.device().RegisterDevice(ctx, device)
	if err != nil {
		return nil, err
	}
	return answer.GetDevice(), c.SetAPIKey(answer.GetDevice().GetApiKey())
}

// Heartbeat reports a status such as iotflowv1.PresenceOnline, and takes the server's time for the client's [ServerClock].
func (c *Client) Heartbeat(ctx context.Context, status string) (*iotflowv1.SendHeartbeatResponse, error) {
	generation := c.connection.credentials.current()
	sent := c.clock.elapsed()
	answer, err := c.device().SendHeartbeat(ctx, &iotflowv1.SendHeartbeatRequest{Status: structpb.NewStringValue(status)})
	if err != nil {
		return nil, err
	}
	c.connection.credentials.learn(generation, answer.GetDeviceId())
	c.clock.learn(answer.GetTimestamp().AsTime(), sent, c.clock.elapsed())
	return answer, nil
}

// ReportConfig replaces the configuration that the device has reported.
func (c *Client) ReportConfig(ctx context.Context, configuration map[string]any) error {
	fields, err := jsonObject(configuration)
	if err != nil {
		return invalid("configuration", err)
	}
	_, err = c.device().UpdateDeviceConfig(ctx, &iotflowv1.UpdateDeviceConfigRequest{Configuration: fields})
	return err
}

// RotateKey gets a new key, stores it with save, and then uses it. Where it fails, the old key stays in use and valid:
// call RotateKey again, which replaces a key that was not used.
func (c *Client) RotateKey(ctx context.Context, save func(ctx context.Context, apiKey string) error) error {
	answer, err := c.device().RotateApiKey(ctx, &iotflowv1.RotateApiKeyRequest{})
	if err != nil {
		return err
	}
	if err := save(ctx, answer.GetApiKey()); err != nil {
		return err
	}
	return c.SetAPIKey(answer.GetApiKey())
}

// DesiredConfig is a version of what a device shall be configured to.
type DesiredConfig struct {
	Version   int32
	Desired   map[string]any
	ChangedAt time.Time
}

// WatchConfig hands the present desired configuration and each later one to the handler, each version once, until the
// context ends. It connects again after failures, and returns errors that no retry mends.
func (c *Client) WatchConfig(ctx context.Context, handler func(DesiredConfig)) error {
	newest := int32(0)
	return c.follow(ctx, "config", func(ctx context.Context, received func()) error {
		call, err := c.device().WatchConfig(ctx, &iotflowv1.WatchConfigRequest{})
		if err != nil {
			return err
		}
		for {
			answer, err := call.Recv()
			if err != nil {
				return err
			}
			received()
			config := answer.GetConfig()
			if config.GetDesired() == nil || config.GetDesiredVersion() == newest {
				continue
			}
			newest = config.GetDesiredVersion()
			contain(c.logger, "WatchConfig", func() {
				handler(DesiredConfig{newest, config.GetDesired().AsMap(), config.GetChangedAt().AsTime()})
			})
		}
	}, nil)
}
