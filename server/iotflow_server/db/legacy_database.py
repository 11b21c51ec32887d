"""Detects and reads the database of the older service, without changing it."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, DateTime, TableClause, column, create_engine, func, inspect, select, table, text

from iotflow_server.db.engines import POSTGRES_PATIENCE, dialect_url
from iotflow_server.process import CannotStart

# Only the older schema has keys in plain text.
MARK = "api_key"
TIMES = ("created_at", "updated_at", "last_seen")
COLUMNS = (
    "id",
    "name",
    "description",
    "device_type",
    MARK,
    "status",
    "location",
    "firmware_version",
    "hardware_version",
    *TIMES,
)
# The folder beside the program in which Flask resolves relative paths of databases.
INSTANCE = "instance"


class OlderDatabase(CannotStart):
    """The registry's URL names the database of the older service."""


def older_database(url: str) -> URL | None:
    """The URL of the older service's database, resolved; None: there is none. Raises SQLAlchemy's errors."""
    for candidate in _candidates(dialect_url(url)):
        with _reading(candidate) as connection:
            if _is_older(connection):
                return candidate
    return None


def refuse_older(url: str) -> None:
    """Raise OlderDatabase if the URL names the database of the older service."""
    if older_database(url):
        raise OlderDatabase(
            "DATABASE_URL names the database of the older service, which is left as it is. Take its devices over with "
            "`iotflow migrate --dry-run`, then `iotflow migrate`; the command prints the IOTFLOW_DATABASE_URL to set."
        )


def older_devices(database: URL) -> list[dict[str, Any]]:
    """All rows by id, with None for absent columns; `configuration`: the active keys and values."""
    with _reading(database) as connection:
        devices = _table(connection, "devices", COLUMNS)
        configurations = _configurations(connection)
        rows = connection.execute(select(devices).order_by(devices.c.id)).mappings()
        empty = dict.fromkeys(COLUMNS)
        return [{**empty, **row, "configuration": configurations.get(row["id"], {})} for row in rows]


def older_users(database: URL) -> int:
    """The number of user accounts."""
    with _reading(database) as connection:
        if not inspect(connection).has_table("users"):
            return 0
        return connection.scalar(select(func.count()).select_from(table("users"))) or 0


def _candidates(url: URL) -> list[URL]:
    if url.get_backend_name() != "sqlite":
        return [url]
    path = Path(url.database or "")
    places = [path] if path.is_absolute() else [path, Path(INSTANCE) / path]
    return [url.set(database=str(place.resolve())) for place in places if place.is_file()]


@contextmanager
def _reading(url: URL) -> Iterator[Connection]:
    """A read-only connection."""
    if url.get_backend_name() == "sqlite":
        url = URL.create("sqlite", database=f"file:{quote(url.database or '')}", query={"mode": "ro", "uri": "true"})
        engine = create_engine(url, hide_parameters=True)
    else:
        engine = create_engine(url, connect_args=POSTGRES_PATIENCE, hide_parameters=True)
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SET TRANSACTION READ ONLY"))
            yield connection
    finally:
        engine.dispose()


def _is_older(connection: Connection) -> bool:
    found = inspect(connection)
    return found.has_table("devices") and MARK in {each["name"] for each in found.get_columns("devices")}


def _table(connection: Connection, name: str, wanted: tuple[str, ...]) -> TableClause:
    """The table with the columns that exist: earlier versions had fewer."""
    there = {each["name"] for each in inspect(connection).get_columns(name)}
    times = DateTime(timezone=True)
    return table(name, *(column(each, times) if each in TIMES else column(each) for each in wanted if each in there))


def _configurations(connection: Connection) -> Mapping[int, dict[str, Any]]:
    if not inspect(connection).has_table("device_configurations"):
        return {}
    rows = _table(
        connection, "device_configurations", ("id", "device_id", "config_key", "config_value", "data_type", "is_active")
    )
    found: dict[int, dict[str, Any]] = {}
    for row in connection.execute(select(rows).order_by(rows.c.id)).mappings():
        if row.get("is_active") in (None, True, 1):
            found.setdefault(row["device_id"], {})[row["config_key"]] = _value(row["config_value"], row["data_type"])
    return found


def _value(written: str | None, data_type: str | None) -> Any:
    """The value by its type; the text itself if it does not match the type."""
    if written is None:
        return None
    if data_type == "boolean":
        return written.lower() in ("true", "1", "yes", "on")
    read: dict[str, Callable[[str], Any]] = {"integer": int, "float": float, "json": json.loads}
    try:
        value = read.get(data_type or "", str)(written)
        # JSON has no NaN and no infinity.
        json.dumps(value, allow_nan=False)
    except ValueError:
        return written
    return value
