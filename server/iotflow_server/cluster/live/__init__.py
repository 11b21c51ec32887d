"""The live bus over a Redis stream."""

from iotflow_server.cluster.live.bus import RedisLiveBus

__all__ = ["RedisLiveBus"]
