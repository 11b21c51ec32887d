"""Durability in front of a backend that acknowledges before its own disk has the data."""

from iotflow_server.telemetry.journal.flushed import FlushedStore
from iotflow_server.telemetry.journal.store import JournaledStore

__all__ = ["FlushedStore", "JournaledStore"]
