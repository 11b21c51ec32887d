"""The live bus over a Redis stream."""

from iotflow_server.cluster.live.bus import RedisLiveBus
from iotflow_server.cluster.live.stream import LiveStream

__all__ = ["LiveStream", "RedisLiveBus"]
