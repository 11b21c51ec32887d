"""The live bus over a Redis stream."""

from iotflow_server.cluster.live.bus import RedisBus

__all__ = ["RedisBus"]
