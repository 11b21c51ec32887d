"""The embedded store: one SQLite file, without a database server."""

from iotflow_server.telemetry.stores.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
