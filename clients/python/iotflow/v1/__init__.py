"""Generated from proto/iotflow/v1; do not edit."""
