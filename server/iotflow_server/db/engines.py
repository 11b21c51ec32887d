"""Engines for the two databases: SQLite by default, PostgreSQL by URL."""

from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url

from iotflow_server.db.jobs import watch
from iotflow_server.db.json_documents import to_json
from iotflow_server.db.sqlite_files import use_write_ahead_log

# Seconds for which a statement waits for the lock of another process.
SQLITE_PATIENCE = 5
# The largest cache of a writing connection. The hashes of keys are spread over all pages of their index: with SQLite's 2 MB, a batch
# of an import would write many pages twice, and read them again.
WRITE_CACHE_KIB = 65_536
# Seconds for which a call waits for a connection of the pool.
POOL_PATIENCE = 3
# Time limits for a database that does not answer: seconds to connect, milliseconds for an acknowledgement, and seconds until
# keepalive probes of a silent connection.
POSTGRES_PATIENCE = {
    "connect_timeout": 3,
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
}
# The database itself ends statements whose caller has an error already.
STATEMENT_PATIENCE_MS = 7_000


def is_sqlite(url: str) -> bool:
    return dialect_url(url).get_backend_name() == "sqlite"


def has_file(url: str) -> bool:
    """Whether SQLite's file exists; always true for PostgreSQL."""
    parsed = dialect_url(url)
    return parsed.get_backend_name() != "sqlite" or Path(parsed.database or "").is_file()


def writing_engine(url: str, connections: int = 1) -> Engine:
    """An engine whose transactions are durable when committed. Raises ValueError for a URL of another scheme."""
    parsed = dialect_url(url)
    if parsed.get_backend_name() == "postgresql":
        return _limited(_postgres(parsed, connections))
    engine = _writing_sqlite(parsed, connections)
    watch(engine)
    return engine


def migrating_engine(url: str) -> Engine:
    """As writing_engine, with one connection and without a time limit for statements."""
    parsed = dialect_url(url)
    return _postgres(parsed, 1) if parsed.get_backend_name() == "postgresql" else _writing_sqlite(parsed, 1)


def reading_engine(url: str, connections: int) -> Engine:
    """An engine for single statements that change nothing."""
    parsed = dialect_url(url)
    if parsed.get_backend_name() == "postgresql":
        return _limited(_postgres(parsed, connections)).execution_options(isolation_level="AUTOCOMMIT")
    engine = _sqlite(parsed, connections)
    watch(engine)
    return engine


def dialect_url(url: str) -> URL:
    """The URL with the installed driver. Raises ValueError for a URL of another scheme."""
    # Many hosting providers use this scheme, which SQLAlchemy does not accept.
    parsed = make_url(url.replace("postgres://", "postgresql://", 1))
    backend = parsed.get_backend_name()
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if backend == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return parsed.set(drivername="sqlite")
    raise ValueError("A database URL must be sqlite:///<path> or postgresql://<…>.")


def _postgres(url: URL, connections: int) -> Engine:
    patience = {name: value for name, value in POSTGRES_PATIENCE.items() if name not in url.query}
    return create_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=POOL_PATIENCE,
        connect_args=patience,
        json_serializer=to_json,
        hide_parameters=True,
    )


def _limited(engine: Engine) -> Engine:
    # After a restart or a failover of the database, the first call gets a new connection instead of an error.
    watch(engine, ping=True)
    event.listen(engine, "connect", _limit_statements)
    return engine


def _limit_statements(connection: Any, _record: object) -> None:
    connection.autocommit = True
    connection.execute(f"SET statement_timeout = {STATEMENT_PATIENCE_MS}")
    connection.autocommit = False


def _writing_sqlite(url: URL, connections: int) -> Engine:
    Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
    engine = _sqlite(url, connections)
    event.listen(engine, "connect", _enlarge_cache)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _sqlite(url: URL, connections: int) -> Engine:
    engine = create_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=POOL_PATIENCE,
        connect_args={"timeout": SQLITE_PATIENCE},
        json_serializer=to_json,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _prepare)
    return engine


def _prepare(connection: Any, _record: object) -> None:
    # The driver's own transactions begin without the write lock, and fail if two of them need it later.
    connection.isolation_level = None
    use_write_ahead_log(connection, SQLITE_PATIENCE)
    connection.execute("PRAGMA foreign_keys = ON")


def _enlarge_cache(connection: Any, _record: object) -> None:
    connection.execute(f"PRAGMA cache_size = -{WRITE_CACHE_KIB}")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
