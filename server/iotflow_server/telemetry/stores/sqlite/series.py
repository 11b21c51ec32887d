"""Series: one measurement of one device, under a number of its own."""

import sqlite3
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from iotflow_server.telemetry.batch import ValueType
from iotflow_server.telemetry.resolution import MOST_MEASUREMENTS

_OF_DEVICE = "SELECT id, measurement, type FROM series WHERE device_id = ?"
_ADD = "INSERT INTO series (device_id, measurement, type) VALUES (?, ?, ?)"


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

    Belongs to the writing thread. What a transaction added must be forgotten when it fails.
    """

    def __init__(self, capacity: int, most: int = MOST_MEASUREMENTS) -> None:
        self._capacity = capacity
        self.most = most
        self._size = 0
        self._devices: OrderedDict[int, Known] = OrderedDict()

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

    def forget(self, device_ids: Iterable[int]) -> None:
        """Look these devices up again when they write next."""
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
            self.forget([next(iter(self._devices))])


def _weight(known: Known) -> int:
    # A device without series takes room too.
    return 1 + len(known.ids)
