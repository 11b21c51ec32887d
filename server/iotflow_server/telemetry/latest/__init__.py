"""A cache of the newest values of devices that are queried repeatedly."""

from iotflow_server.telemetry.latest.cached import CachedLatestReader, CachedLatestWriter
from iotflow_server.telemetry.latest.memory import MemoryLatestValues
from iotflow_server.telemetry.latest.values import NOTHING, Asked, LatestValues, Values

__all__ = [
    "NOTHING",
    "Asked",
    "CachedLatestReader",
    "CachedLatestWriter",
    "LatestValues",
    "MemoryLatestValues",
    "Values",
]
