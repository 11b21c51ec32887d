/**
 * Writes telemetry to an IoTFlow server, reads it, and acts as a device.
 *
 * <p>An {@link iotflow.client.IotflowClient} is a connection. It connects with the first call, and
 * again after a failure. Nothing is global: a program may have any number of clients.
 *
 * <p>A {@link iotflow.client.TelemetryWriter} makes batches of rows, keeps them in a queue in
 * memory or on disk, and sends them until the server has acknowledged them. Adding waits while the
 * queue is full, unless the {@link iotflow.client.QueuePolicy} says otherwise.
 *
 * <p>All other calls of the contract are stubs of {@code iotflow.v1}, which take {@link
 * iotflow.client.IotflowClient#channel()}; {@link iotflow.client.Pages} reads their lists.
 *
 * <p>Every error of a call is an {@link iotflow.client.IotflowException}, with the server's reason
 * and whether a retry may succeed. A call ends when its thread is interrupted.
 */
package iotflow.client;
