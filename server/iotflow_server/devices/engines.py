"""Engines for the two databases: SQLite by default, PostgreSQL by URL."""

from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url

from iotflow_server.devices.documents import to_json
from iotflow_server.write_ahead import use_write_ahead_log

# Seconds a statement waits for another process's lock.
SQLITE_PATIENCE = 5
# A database that does not answer must not hold its callers: seconds to connect, milliseconds without an answer.
POSTGRES_PATIENCE = {"connect_timeout": 5, "tcp_user_timeout": 10_000}


def is_sqlite(url: str) -> bool:
    return _dialect_url(url).get_backend_name() == "sqlite"


def writing_engine(url: str, connections: int = 1) -> Engine:
    """An engine whose transactions are durable when committed. Raises ValueError for a URL of no known kind."""
    parsed = _dialect_url(url)
    if parsed.get_backend_name() == "postgresql":
        return _postgres(parsed, connections)
    Path(parsed.database or "").parent.mkdir(parents=True, exist_ok=True)
    engine = _sqlite(parsed, connections)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def reading_engine(url: str, connections: int) -> Engine:
    """An engine for single statements that change nothing."""
    parsed = _dialect_url(url)
    if parsed.get_backend_name() == "postgresql":
        return _postgres(parsed, connections).execution_options(isolation_level="AUTOCOMMIT")
    return _sqlite(parsed, connections)


def _dialect_url(url: str) -> URL:
    # SQLAlchemy does not know the scheme that many hosters write.
    parsed = make_url(url.replace("postgres://", "postgresql://", 1))
    backend = parsed.get_backend_name()
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return parsed.set(drivername="sqlite")
    raise ValueError("the registry's database URL must be sqlite:///<path> or postgresql://<…>")


def _postgres(url: URL, connections: int) -> Engine:
    patience = {name: value for name, value in POSTGRES_PATIENCE.items() if name not in url.query}
    return create_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        # After a restart or a failover the first caller gets a fresh connection, not an error.
        pool_pre_ping=True,
        connect_args=patience,
        json_serializer=to_json,
        hide_parameters=True,
    )


def _sqlite(url: URL, connections: int) -> Engine:
    engine = create_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        connect_args={"timeout": SQLITE_PATIENCE},
        json_serializer=to_json,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _prepare)
    return engine


def _prepare(connection: Any, _record: object) -> None:
    # The driver's own transactions begin without the write lock and fail when two of them come to need it.
    connection.isolation_level = None
    use_write_ahead_log(connection, SQLITE_PATIENCE)
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
