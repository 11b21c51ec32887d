"""Series: one measurement of one device, under a number of its own."""

import sqlite3
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from iotflow_server.telemetry.batch import ValueType
from iotflow_server.telemetry.resolution import MOST_MEASUREMENTS

_OF_DEVICE = "SELECT id, measurement, type FROM series WHERE device_id = ?"
# Out of sight: no device has a number below 0, and what is kept under one goes in time.
_HIDE = "UPDATE series SET device_id = -id, measurement = '' WHERE id = ?"
_RETYPE = "UPDATE series SET type = ? WHERE id = ?"
_HAS_READINGS = """
SELECT EXISTS (
    SELECT 1 FROM kept CROSS JOIN reading ON reading.series = kept.id
    WHERE kept.id = ?1 AND (kept.milliseconds IS NULL OR ?2 IS NULL OR reading.time >= ?2 - kept.milliseconds)
)
"""
_ADD = "INSERT INTO series (device_id, measurement, type) VALUES (?, ?, ?)"
# Of the catalogue, not of the file: what others dropped and retyped may not be known here.
_UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class Series:
    id: int
    measurement: str
    type: ValueType


def series_of(
    connection: sqlite3.Connection, device_id: int, measurements: Sequence[str] | None = None
) -> list[Series]:
    """A device's series: all by name, or those asked for in the order asked for."""
    rows = connection.execute(_OF_DEVICE, (device_id,))
    found = {name: Series(number, name, ValueType(kind)) for number, name, kind in rows}
    names = sorted(found) if measurements is None else dict.fromkeys(measurements)
    return [found[name] for name in names if name in found]


@dataclass(frozen=True, slots=True)
class Known:
    """The series of one device, by measurement."""

    ids: dict[str, int] = field(default_factory=dict)
    types: dict[str, ValueType] = field(default_factory=dict)


class Catalogue:
    """The series of the devices that wrote of late, at most about `capacity` of them, so that a write need not look
    them up. most: of one device.

    Belongs to the writing thread. What a transaction changed must be forgotten when it fails. What other processes drop and
    retype they count in the file (user_version), which is looked at once a transaction.
    """

    def __init__(self, capacity: int, most: int = MOST_MEASUREMENTS) -> None:
        self._capacity = capacity
        self.most = most
        self._size = 0
        self._version = 0
        self._devices: OrderedDict[int, Known] = OrderedDict()

    def refresh(self, connection: sqlite3.Connection) -> None:
        """At the beginning of a transaction: forget all where another process dropped or retyped a series."""
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version != self._version:
            self._drop_remembered(list(self._devices))
            self._version = version

    def of(self, connection: sqlite3.Connection, device_id: int) -> Known:
        """The device's series, those added in this transaction among them."""
        known = self._devices.get(device_id)
        if known is None:
            return self._load(connection, device_id)
        self._devices.move_to_end(device_id)
        return known

    def add(self, connection: sqlite3.Connection, device_id: int, types: Mapping[str, ValueType]) -> None:
        """Set the types of new measurements."""
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
        """Those of the device's known measurements that have no readings any more, of the names given. now: None: what is past its
        time counts too."""
        ids = self.of(connection, device_id).ids
        return [
            name
            for name in names
            if name in ids and not connection.execute(_HAS_READINGS, (ids[name], now)).fetchone()[0]
        ]

    def drop(self, connection: sqlite3.Connection, device_id: int, names: Iterable[str]) -> None:
        """Let these measurements be unknown; what is left of their readings is removed later."""
        known = self.of(connection, device_id)
        for name in names:
            if name in known.ids:
                connection.execute(_HIDE, (known.ids.pop(name),))
                del known.types[name]
                self._size -= 1
        self._count_change(connection)

    def retype(self, connection: sqlite3.Connection, device_id: int, name: str, value_type: ValueType) -> None:
        """Set the type of a known measurement."""
        known = self.of(connection, device_id)
        connection.execute(_RETYPE, (value_type, known.ids[name]))
        known.types[name] = value_type
        self._count_change(connection)

    def _count_change(self, connection: sqlite3.Connection) -> None:
        self._version = (self._version + 1) % 2**31
        connection.execute(f"PRAGMA user_version={self._version}")

    def forget(self, device_ids: Iterable[int]) -> None:
        """The transaction failed: look these devices up again when they write next."""
        self._drop_remembered(device_ids)
        # What it counted is undone, and another process may count the same.
        self._version = _UNKNOWN

    def _drop_remembered(self, device_ids: Iterable[int]) -> None:
        for device_id in device_ids:
            known = self._devices.pop(device_id, None)
            self._size -= _weight(known) if known is not None else 0

    def _load(self, connection: sqlite3.Connection, device_id: int) -> Known:
        known = Known()
        for series in series_of(connection, device_id):
            known.ids[series.measurement] = series.id
            known.types[series.measurement] = series.type
        self._devices[device_id] = known
        self._size += _weight(known)
        self._make_room()
        return known

    def _make_room(self) -> None:
        """Forget those who wrote longest ago; the one writing now stands last, and stays however large it is."""
        while self._size > self._capacity and len(self._devices) > 1:
            self._drop_remembered([next(iter(self._devices))])


def _weight(known: Known) -> int:
    # A device without series takes room too.
    return 1 + len(known.ids)
