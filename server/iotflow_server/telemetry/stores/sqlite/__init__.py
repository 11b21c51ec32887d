"""The embedded store: one SQLite file, no server to run."""

from iotflow_server.telemetry.stores.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
