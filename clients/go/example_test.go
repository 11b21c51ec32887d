package iotflow_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"time"

	iotflow "iotflow/clients/go"
	iotflowv1 "iotflow/clients/go/iotflow/v1"
)

// exampleServer starts a server for an example, and returns its address and what ends it.
func exampleServer() (target string, stop func()) {
	s := startServer(func(end func()) { stop = end })
	return s.target, stop
}

func Example() {
	target, stop := exampleServer()
	defer stop()
	ctx, key := context.Background(), "the-key-of-a-device"

	client, err := iotflow.New(target, iotflow.Config{APIKey: key})
	if err != nil {
		log.Fatal(err)
	}
	writer, err := client.NewWriter(iotflow.WriterConfig{OnInterrupted: func(err *iotflow.Error, _ time.Duration) { log.Print(err) }})
	if err != nil {
		log.Fatal(err)
	}
	err = errors.Join(writer.Add(ctx, iotflow.Row{Values: []iotflow.Value{iotflow.Float64("temperature", 21.5)}}), writer.Close(ctx))
	if err != nil {
		log.Fatal(err)
	}

	defer client.Close()
	latest, err := client.Latest(ctx, 1)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(latest.Values["temperature"])
	// Output: 21.5
}

func ExampleClient_Register() {
	target, stop := exampleServer()
	defer stop()
	ctx := context.Background()
	folder, err := os.MkdirTemp("", "iotflow")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	keyFile := filepath.Join(folder, "key")
	client, err := iotflow.New(target, iotflow.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	if _, err := os.Stat(keyFile); errors.Is(err, fs.ErrNotExist) {
		device, err := client.Register(ctx, &iotflowv1.RegisterDeviceRequest{Name: "boiler", DeviceType: "heating"})
		if err != nil {
			log.Fatal(err)
		}
		if err := os.WriteFile(keyFile, []byte(device.GetApiKey()), 0o600); err != nil {
			log.Fatal(err)
		}
	}

	key, err := os.ReadFile(keyFile)
	fmt.Println(string(key), err)
	// Output: first <nil>
}

func ExampleWriter_AddColumns() {
	target, stop := exampleServer()
	defer stop()
	client, err := iotflow.New(target, iotflow.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	writer, err := client.NewWriter(iotflow.WriterConfig{BatchRows: 500})
	if err != nil {
		log.Fatal(err)
	}
	start := time.Now().UnixMilli()
	err = writer.AddColumns(context.Background(), iotflow.Columns{
		Times: []int64{start, start + 1000, start + 2000},
		Columns: []iotflow.Column{
			{Measurement: "temperature", Doubles: []float64{21.5, 21.6, 21.6}},
			{Measurement: "door_open", Bools: []bool{false, true, false}, Valid: []bool{true, true, false}},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := writer.Close(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Println(writer.Status().AcknowledgedRows, "rows are stored")
	// Output: 3 rows are stored
}

func ExampleError() {
	client, err := iotflow.New("127.0.0.1:1", iotflow.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	_, err = client.Latest(context.Background(), 1)
	var failure *iotflow.Error
	if errors.As(err, &failure) && failure.Retryable {
		fmt.Println(iotflow.StatusWord(failure.Code))
	}
	// Output: UNAVAILABLE
}

func ExampleClient_RotateKey() {
	target, stop := exampleServer()
	defer stop()
	ctx := context.Background()
	client, err := iotflow.New(target, iotflow.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	if _, err := client.Register(ctx, &iotflowv1.RegisterDeviceRequest{Name: "boiler"}); err != nil {
		log.Fatal(err)
	}
	err = client.RotateKey(ctx, func(_ context.Context, apiKey string) error {
		fmt.Println("saved")
		return nil
	})
	fmt.Println(err)
	// Output:
	// saved
	// <nil>
}
