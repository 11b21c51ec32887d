"""The gRPC services: one folder for each resource. They convert between messages and the domain, and contain no rules."""
