"""Series: the measurements of devices, each with an id."""

import sqlite3
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from iotflow_server.telemetry.batch import ValueType
from iotflow_server.telemetry.resolution import MOST_MEASUREMENTS

_OF_DEVICE = "SELECT id, measurement, type FROM series WHERE device_id = ?"
# Hides a series: no device has a negative id, and the readings of such series are removed later.
_HIDE = "UPDATE series SET device_id = -id, measurement = '' WHERE id = ?"
_RETYPE = "UPDATE series SET type = ? WHERE id = ?"
_HAS_READINGS = """
SELECT EXISTS (
    SELECT 1 FROM kept CROSS JOIN reading ON reading.series = kept.id
    WHERE kept.id = ?1 AND (kept.milliseconds IS NULL OR ?2 IS NULL OR reading.time >= ?2 - kept.milliseconds)
)
"""
_RETENTION = "SELECT milliseconds FROM kept WHERE id = ?"
_ADD = "INSERT INTO series (device_id, measurement, type) VALUES (?, ?, ?)"
# Version of a cache that may have missed changes of other processes; the file never has it.
_UNKNOWN = -1
# SQLite keeps a number of 32 bits, signed.
_VERSION_BITS = 0x7FFF_FFFF


@dataclass(frozen=True, slots=True)
class Series:
    """One measurement of one device."""

    id: int
    measurement: str
    type: ValueType


def series_of(
    connection: sqlite3.Connection, device_id: int, measurements: Sequence[str] | None = None
) -> list[Series]:
    """The series of a device: all by name, or the requested ones in that order."""
    rows = connection.execute(_OF_DEVICE, (device_id,))
    found = {name: Series(number, name, ValueType(kind)) for number, name, kind in rows}
    names = sorted(found) if measurements is None else dict.fromkeys(measurements)
    return [found[name] for name in names if name in found]


def retention_of(connection: sqlite3.Connection, series: int) -> int | None:
    """How long readings of a series are kept, in milliseconds; None: without limit."""
    (milliseconds,) = connection.execute(_RETENTION, (series,)).fetchone()
    return None if milliseconds is None else int(milliseconds)


@dataclass(frozen=True, slots=True)
class DeviceSeries:
    """The series of one device, by measurement."""

    ids: dict[str, int] = field(default_factory=dict)
    types: dict[str, ValueType] = field(default_factory=dict)


class SeriesCache:
    """Caches about `capacity` series of the devices that wrote most recently, so that writes need not query them. most: limit
    per device.

    Used by the writer thread. Changes of a failed transaction must be forgotten. Processes count the series that they drop
    and retype in the file (user_version), which is read once per transaction.
    """

    def __init__(self, capacity: int, most: int = MOST_MEASUREMENTS) -> None:
        self._capacity = capacity
        self.most = most
        self._size = 0
        self._version = 0
        self._devices: OrderedDict[int, DeviceSeries] = OrderedDict()

    def refresh(self, connection: sqlite3.Connection) -> None:
        """Clear the cache if another process has dropped or retyped a series; called at the start of a transaction."""
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version != self._version:
            self._evict(list(self._devices))
            self._version = version

    def of(self, connection: sqlite3.Connection, device_id: int) -> DeviceSeries:
        """The series of a device, including those added in this transaction."""
        known = self._devices.get(device_id)
        if known is None:
            return self._load(connection, device_id)
        self._devices.move_to_end(device_id)
        return known

    def add(self, connection: sqlite3.Connection, device_id: int, types: Mapping[str, ValueType]) -> None:
        """Add new measurements with their types."""
        known = self.of(connection, device_id)
        for measurement, value_type in types.items():
            number = connection.execute(_ADD, (device_id, measurement, value_type)).lastrowid
            if number is not None:
                known.ids[measurement] = number
                known.types[measurement] = value_type
        self._size += len(types)
        self._make_room()

    def without_readings(
        self, connection: sqlite3.Connection, device_id: int, names: Iterable[str], now: int | None
    ) -> list[str]:
        """The given measurements of a device that exist but have no readings. now: time at which readings expire; None: expired
        readings count too."""
        ids = self.of(connection, device_id).ids
        return [
            name
            for name in names
            if name in ids and not connection.execute(_HAS_READINGS, (ids[name], now)).fetchone()[0]
        ]

    def drop(self, connection: sqlite3.Connection, device_id: int, names: Iterable[str]) -> None:
        """Drop measurements; their readings are removed later."""
        known = self.of(connection, device_id)
        for name in names:
            if name in known.ids:
                connection.execute(_HIDE, (known.ids.pop(name),))
                del known.types[name]
                self._size -= 1
        self._count_change(connection)

    def retype(self, connection: sqlite3.Connection, device_id: int, name: str, value_type: ValueType) -> None:
        """Change the type of a measurement."""
        known = self.of(connection, device_id)
        connection.execute(_RETYPE, (value_type, known.ids[name]))
        known.types[name] = value_type
        self._count_change(connection)

    def _count_change(self, connection: sqlite3.Connection) -> None:
        self._version = (self._version + 1) & _VERSION_BITS
        connection.execute(f"PRAGMA user_version={self._version}")

    def forget(self, device_ids: Iterable[int]) -> None:
        """Forget devices after a failed transaction; their next write queries them again."""
        self._evict(device_ids)
        # The count of the transaction was undone, and another process may reach the same count.
        self._version = _UNKNOWN

    def _evict(self, device_ids: Iterable[int]) -> None:
        for device_id in device_ids:
            known = self._devices.pop(device_id, None)
            self._size -= _weight(known) if known is not None else 0

    def _load(self, connection: sqlite3.Connection, device_id: int) -> DeviceSeries:
        known = DeviceSeries()
        for series in series_of(connection, device_id):
            known.ids[series.measurement] = series.id
            known.types[series.measurement] = series.type
        self._devices[device_id] = known
        self._size += _weight(known)
        self._make_room()
        return known

    def _make_room(self) -> None:
        """Evict the devices that wrote least recently; the current device comes last and always stays."""
        while self._size > self._capacity and len(self._devices) > 1:
            self._evict([next(iter(self._devices))])


def _weight(known: DeviceSeries) -> int:
    # A device without series takes memory too.
    return 1 + len(known.ids)
