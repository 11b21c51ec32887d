"""The store for many machines, Apache IoTDB."""

from iotflow_server.telemetry.stores.iotdb.session import IotdbAddress
from iotflow_server.telemetry.stores.iotdb.store import IotdbStore

__all__ = ["IotdbAddress", "IotdbStore"]
