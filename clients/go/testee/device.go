package main

import (
	"context"
	"errors"
	"strings"

	iotflow "iotflow/clients/go"
	iotflowv1 "iotflow/clients/go/iotflow/v1"
)

func (t *testee) register(ctx context.Context, request struct {
	Name       string
	DeviceType string `json:"device_type"`
}) (any, error) {
	device, err := t.connected().Register(ctx, &iotflowv1.RegisterDeviceRequest{
		Name: request.Name, DeviceType: request.DeviceType,
	})
	if err != nil {
		return nil, err
	}
	return object{"device_id": device.GetId(), "api_key": device.GetApiKey()}, nil
}

func (t *testee) heartbeat(ctx context.Context, request struct{ Status string }) (any, error) {
	answer, err := t.connected().Heartbeat(ctx, request.Status)
	if err != nil {
		return nil, err
	}
	return object{"timestamp": answer.GetTimestamp().AsTime().UnixMilli(), "status": answer.GetStatus()}, nil
}

func (t *testee) watchConfig(_ context.Context, request struct{ Throwing bool }) (any, error) {
	client := t.connected()
	t.follow("config", func(ctx context.Context) error {
		return client.WatchConfig(ctx, func(config iotflow.DesiredConfig) {
			t.out.event("config", object{"version": config.Version, "desired": config.Desired})
			if request.Throwing {
				panic("The handler throws.")
			}
		})
	})
	return object{}, nil
}

func (t *testee) reportConfig(ctx context.Context, request struct{ Configuration map[string]any }) (any, error) {
	return object{}, t.connected().ReportConfig(ctx, request.Configuration)
}

func (t *testee) handleCommands(_ context.Context, request struct{ Outcome string }) (any, error) {
	client := t.connected()
	t.follow("commands", func(ctx context.Context) error {
		return client.HandleCommands(ctx, func(ctx context.Context, command *iotflowv1.Command) (map[string]any, error) {
			parameters := command.GetParameters().AsMap()
			t.out.event("command", object{
				"command_id": command.GetId(), "name": command.GetName(), "parameters": parameters,
			})
			switch request.Outcome {
			case "fail":
				return nil, errors.New("the handler fails as it was told")
			case "throw":
				panic("The handler throws.")
			case "large":
				characters, _ := parameters["characters"].(float64)
				return map[string]any{"text": strings.Repeat("x", int(characters))}, nil
			case "number":
				return map[string]any{"number": float64(1 << 60)}, nil
			case "hang":
				<-ctx.Done()
				return nil, ctx.Err()
			default:
				return parameters, nil
			}
		})
	})
	return object{}, nil
}

func (t *testee) rotate(ctx context.Context, _ struct{}) (any, error) {
	var rotated string
	err := t.connected().RotateKey(ctx, func(_ context.Context, apiKey string) error {
		rotated = apiKey
		return nil
	})
	return object{"api_key": rotated}, err
}

func (t *testee) listDevices(ctx context.Context, request struct {
	PageSize int32 `json:"page_size"`
}) (any, error) {
	fleet := iotflowv1.NewFleetServiceClient(t.connected().Conn())
	count, pages := 0, 0
	for page, err := range iotflow.Pages(ctx, fleet.ListDevices, &iotflowv1.ListDevicesRequest{PageSize: &request.PageSize}) {
		if err != nil {
			return nil, err
		}
		pages++
		count += len(page.GetDevices())
	}
	return object{"count": count, "pages": pages}, nil
}
