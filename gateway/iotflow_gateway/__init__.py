"""The MQTT adapter: a client of an MQTT broker and of the gRPC server."""
