"""The newest values of the devices that somebody keeps asking about, remembered beside the store."""

from iotflow_server.telemetry.latest.memory import MemoryLatestValues
from iotflow_server.telemetry.latest.store import CachedLatestStore
from iotflow_server.telemetry.latest.values import NOTHING, Asked, LatestValues, Values

__all__ = ["NOTHING", "Asked", "CachedLatestStore", "LatestValues", "MemoryLatestValues", "Values"]
