"""A database as the older service creates it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    insert,
)

from iotflow_server.db.engines import dialect_url

MADE = datetime(2025, 7, 18, 13, 0, 18, 250_000, tzinfo=UTC)
SEEN = datetime(2025, 8, 1, 6, 30, tzinfo=UTC)
_metadata = MetaData()
_time = DateTime(timezone=True)
_users = Table("users", _metadata, Column("id", Integer, primary_key=True), Column("username", String(80)))
_devices = Table(
    "devices",
    _metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(100), nullable=False),
    Column("description", Text),
    Column("device_type", String(50), nullable=False),
    Column("api_key", String(64), unique=True, nullable=False),
    Column("status", String(20), nullable=False),
    Column("location", String(200)),
    Column("firmware_version", String(20)),
    Column("hardware_version", String(20)),
    Column("created_at", _time),
    Column("updated_at", _time),
    Column("last_seen", _time),
    Column("user_id", Integer, ForeignKey("users.id")),
)
_configurations = Table(
    "device_configurations",
    _metadata,
    Column("id", Integer, primary_key=True),
    Column("device_id", Integer, ForeignKey("devices.id"), nullable=False),
    Column("config_key", String(100), nullable=False),
    Column("config_value", Text),
    Column("data_type", String(20)),
    Column("is_active", Boolean),
)
CONFIGURATION = {
    "interval": ("60", "integer"),
    "offset": ("-0.5", "float"),
    "debug": ("true", "boolean"),
    "limits": ('{"low": 1}', "json"),
    "label": ("hall", "string"),
    "broken": ("many", "integer"),
}


def key_of(number: int) -> str:
    """The key of the device in plain text."""
    return f"olderkey{number:024}"


def device(number: int, **changed: Any) -> dict[str, Any]:
    """A row of the table of devices."""
    return {
        "id": number,
        "name": f"ESP32 {number}",
        "description": None,
        "device_type": "esp32",
        "api_key": key_of(number),
        "status": "active",
        "location": "Lab",
        "firmware_version": "1.0.0",
        "hardware_version": None,
        "created_at": MADE,
        "updated_at": MADE,
        "last_seen": SEEN,
        "user_id": 1,
        **changed,
    }


def make(url: str, devices: Sequence[dict[str, Any]]) -> None:
    """Fill an empty database; the first device has CONFIGURATION."""
    engine = create_engine(dialect_url(url))
    with engine.begin() as connection:
        _metadata.create_all(connection)
        connection.execute(insert(_users), [{"id": 1, "username": "admin"}, {"id": 2, "username": "test"}])
        connection.execute(insert(_devices), list(devices))
        rows = [
            {
                "device_id": devices[0]["id"],
                "config_key": key,
                "config_value": value,
                "data_type": kind,
                "is_active": True,
            }
            for key, (value, kind) in CONFIGURATION.items()
        ]
        rows.append({**rows[0], "config_key": "old", "is_active": False})
        connection.execute(insert(_configurations), rows)
    engine.dispose()
