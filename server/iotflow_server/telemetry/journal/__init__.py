"""Durability in front of a backend that acknowledges writes before its own disk has the data."""

from iotflow_server.telemetry.journal.flushed import FlushedBackend
from iotflow_server.telemetry.journal.writer import JournaledWriter

__all__ = ["FlushedBackend", "JournaledWriter"]
