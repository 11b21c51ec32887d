// Package iotflow writes telemetry to an IoTFlow server, reads it, and acts as a device.
//
// A [Client] is a connection. It connects with the first call, and again after a failure. Nothing is global: a program may
// have any number of clients.
//
// A [Writer] makes batches of rows, keeps them in a queue in memory or on disk, and sends them until the server has
// acknowledged them. [Writer.Add] waits while the queue is full, unless the [Policy] says otherwise:
//
//	client, err := iotflow.New("127.0.0.1:50051", iotflow.Config{APIKey: key})
//	writer, err := client.NewWriter(iotflow.WriterConfig{Folder: "/var/lib/boiler/queue"})
//	…
//	err = writer.Add(ctx, iotflow.Row{Values: []iotflow.Value{iotflow.Float64("temperature", 21.5)}})
//	…
//	err = writer.Close(ctx)
//
// [Client.Latest], [Client.Range], [Client.Aggregate], [Client.Read] and [Client.Subscribe] read. [Client.Register],
// [Client.Heartbeat], [Client.WatchConfig], [Client.ReportConfig], [Client.HandleCommands] and [Client.RotateKey] are for
// devices. All other calls of the contract are stubs of package iotflowv1, which take [Client.Conn]; [Pages] reads their
// lists.
//
// A folder belongs to the device whose key was used with it: a writer with the key of another device fails with
// [ReasonQueueOfAnotherDevice] while the folder has batches.
//
// Every error of a call is an *[Error], with the server's reason and whether a retry may succeed. A call ends with its
// context.
//
// Log events go to [Config].Logger, with names in snake_case and facts as attributes; numbers go to [Config].Metrics.
package iotflow
