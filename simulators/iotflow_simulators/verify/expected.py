"""What the store must have of one device."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from iotflow_simulators.verify.partition import Numbered
from iotflow_simulators.verify.status import EXCUSED, KEPT, REFUSED, Statuses

# Doors of JSON have one type of numbers. Whole numbers beyond it keep their digits.
_JSON_DOORS = frozenset({"mqtt", "mqtt5", "rest"})
_EXACT = 2**53
NOTHING = object()


class Cell(NamedTuple):
    """One value of one time. required: that of the last acknowledged reading, or NOTHING. possible: values of readings after it
    whose fate is unknown. number: of the reading."""

    required: Any
    possible: tuple[Any, ...]
    number: int


@dataclass(slots=True)
class Expected:
    """cells, refused: by measurement and time. refused: numbers of readings. types: natural types of the sent values, by
    measurement."""

    cells: dict[str, dict[int, Cell]] = field(default_factory=dict)
    refused: dict[str, dict[int, int]] = field(default_factory=dict)
    types: dict[str, set[str]] = field(default_factory=dict)
    first: int = 0
    last: int = 0


def expected(rows: Iterable[Numbered], door: str, statuses: Statuses) -> Expected:
    """rows: the readings of one device in the order in which they were due."""
    found = Expected()
    times: list[int] = []
    for number, entry in rows:
        if entry.is_malformed:
            continue
        times.append(entry.time)
        for name, value, status in _values(number, entry.values, statuses):
            _add(found, name, value, status, number, entry.time)
            if status != REFUSED:
                found.types.setdefault(name, set()).add(natural_type(value, door))
    if times:
        found.first, found.last = min(times), max(times)
    return found


def natural_type(value: Any, door: str) -> str:
    """The type of a measurement whose first value this is."""
    if isinstance(value, bool):
        return "BOOLEAN"
    if isinstance(value, int):
        return "DOUBLE" if door in _JSON_DOORS and abs(value) <= _EXACT else "INT64"
    return "DOUBLE" if isinstance(value, float) else "TEXT"


def _values(number: int, values: bytes, statuses: Statuses) -> Iterator[tuple[str, Any, int]]:
    status = int(statuses.of[number])
    refused = statuses.values.get(number, ())
    for name, value in orjson.loads(values).items():
        if value is not None:
            yield name, value, REFUSED if name in refused else status


def _add(found: Expected, name: str, value: Any, status: int, number: int, time: int) -> None:
    if status == REFUSED:
        found.refused.setdefault(name, {})[time] = number
        return
    cells = found.cells.setdefault(name, {})
    if status == KEPT:
        cells[time] = Cell(value, (), number)
        return
    earlier = cells.get(time)
    if status == EXCUSED and (earlier is None or earlier.required is NOTHING):
        # Not required, and to be counted apart where it is missing.
        earlier = Cell(NOTHING, (), number)
    cells[time] = (
        Cell(earlier.required, (*earlier.possible, value), earlier.number)
        if earlier
        else Cell(NOTHING, (value,), number)
    )
