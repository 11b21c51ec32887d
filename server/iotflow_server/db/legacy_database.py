"""The older service's database: recognised and read, never changed."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, DateTime, TableClause, column, create_engine, func, inspect, select, table, text

from iotflow_server.db.engines import POSTGRES_PATIENCE, dialect_url
from iotflow_server.process import CannotStart

# Keys in plain stand there only.
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
# Where Flask looks for a database whose path is relative, beside its program.
INSTANCE = "instance"


class OlderDatabase(CannotStart):
    """The registry's URL names the older service's database."""


def older_database(url: str) -> URL | None:
    """How to read the older service's database at this URL; None: it is not there. Raises SQLAlchemy's errors."""
    for candidate in _candidates(dialect_url(url)):
        with _reading(candidate) as connection:
            if _is_older(connection):
                return candidate
    return None


def refuse_older(url: str) -> None:
    """Raise OlderDatabase where the URL names the older service's database."""
    if older_database(url):
        raise OlderDatabase(
            "DATABASE_URL names the database of the older service, which is left as it is. Take its devices over with "
            "`iotflow migrate --dry-run`, then `iotflow migrate`; the command says which IOTFLOW_DATABASE_URL to set."
        )


def older_devices(database: URL) -> list[dict[str, Any]]:
    """All rows, by id, with None for what the database does not have; `configuration` as it was in force."""
    with _reading(database) as connection:
        devices = _table(connection, "devices", COLUMNS)
        configurations = _configurations(connection)
        rows = connection.execute(select(devices).order_by(devices.c.id)).mappings()
        empty = dict.fromkeys(COLUMNS)
        return [{**empty, **row, "configuration": configurations.get(row["id"], {})} for row in rows]


def older_users(database: URL) -> int:
    """How many people have an account there."""
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
    """A connection that cannot change anything."""
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
    """With those of the columns that there are: earlier versions had fewer."""
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
    """As its type says; as it is written where that does not fit."""
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
