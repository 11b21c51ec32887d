// Package iotflow writes telemetry to an IoTFlow server, reads it, and acts as a device.
package iotflow
