"""The rows of imported devices, passed to the driver itself.

SQLAlchemy converts each value of each row in Python, which would take as long as the insertion.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from iotflow.words import DeviceStatus
from iotflow_server.db.models import DeviceRow
from iotflow_server.devices.imports.batch import Candidate

# In the order of the values of _rows.
COLUMNS = (
    DeviceRow.id,
    DeviceRow.name,
    DeviceRow.folded_name,
    DeviceRow.device_type,
    DeviceRow.description,
    DeviceRow.location,
    DeviceRow.firmware_version,
    DeviceRow.hardware_version,
    DeviceRow.key_hash,
    DeviceRow.mqtt_verifier,
    DeviceRow.status,
    DeviceRow.configuration,
    DeviceRow.import_id,
    DeviceRow.created_at,
    DeviceRow.updated_at,
)
NEW_STATUS, NO_CONFIGURATION = DeviceStatus.ACTIVE.value, "{}"
# The driver's parameter, by dialect.
PARAMETERS = {"sqlite": "?", "postgresql": "%s"}


def insert_devices(
    connection: Connection, devices: Sequence[tuple[int, Candidate]], import_id: int, now: datetime
) -> None:
    """Insert devices with these ids. Raises IntegrityError if a name is in use."""
    names = ", ".join(column.key for column in COLUMNS)
    values = ", ".join([PARAMETERS[connection.dialect.name]] * len(COLUMNS))
    statement = f"INSERT INTO {DeviceRow.__tablename__} ({names}) VALUES ({values})"  # noqa: S608
    connection.exec_driver_sql(statement, list(_rows(devices, import_id, _driver_time(connection, now))))


def _rows(devices: Sequence[tuple[int, Candidate]], import_id: int, now: Any) -> Iterator[tuple[Any, ...]]:
    for device_id, one in devices:
        new = one.new
        yield (
            device_id,
            new.name,
            new.name.casefold(),
            new.device_type,
            new.description,
            new.location,
            new.firmware_version,
            new.hardware_version,
            one.key_hash,
            one.mqtt_verifier,
            NEW_STATUS,
            NO_CONFIGURATION,
            import_id,
            now,
            now,
        )


def _driver_time(connection: Connection, moment: datetime) -> Any:
    """The time as the driver takes it: a text for SQLite."""
    convert = DeviceRow.created_at.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
    return convert(moment) if convert else moment
