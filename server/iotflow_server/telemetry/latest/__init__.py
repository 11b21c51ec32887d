"""A cache of the newest values of devices that are queried repeatedly."""

from iotflow_server.telemetry.latest.cached import CachedLatestReader, CachedLatestWriter
from iotflow_server.telemetry.latest.values import EMPTY_LOOKUP, CacheLookup, LatestValues, Values

__all__ = [
    "EMPTY_LOOKUP",
    "CacheLookup",
    "CachedLatestReader",
    "CachedLatestWriter",
    "LatestValues",
    "Values",
]
