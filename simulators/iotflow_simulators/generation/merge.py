"""Windows of all fleets as events, in the order in which they are due."""

from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iotflow_simulators.faults.payloads import PAYLOADS, payload
from iotflow_simulators.generation.events import RANKS, ConnectionEvent, Event, Malformed, Reading
from iotflow_simulators.generation.fleet_run import FleetWindow
from iotflow_simulators.generation.rows import Rows
from iotflow_simulators.randoms import Ints

# MAX_DEVICES and the largest rank fit.
_DEVICE_BITS, _RANK_BITS = np.int64(17), np.int64(3)


def merged(windows: Sequence[FleetWindow], ranks: Ints) -> list[Event]:
    """The events by due time; those due together by device. ranks: of the plan's devices, by name."""
    events: list[Event] = []
    keys: list[Ints] = []
    for window in windows:
        members = np.array(window.context.members, np.int64)
        key = _key(window.rows.due, ranks[members[window.rows.device]], RANKS[Reading])
        # Readings that are made in the order of their use are near each other in memory, which halves the time.
        first = np.argsort(key, kind="stable")
        events += readings(window.rows.take(first), members)
        keys.append(key[first])
        events += window.events
        keys.append(_keys(window.events, ranks))
    # Rows of one device that are due together are in their order already.
    order = np.argsort(np.concatenate(keys), kind="stable")
    return list(map(events.__getitem__, order.tolist()))


def _keys(events: Sequence[ConnectionEvent], ranks: Ints) -> Ints:
    device = ranks[np.array([event.device for event in events], np.int64)]
    due = np.array([event.due for event in events], np.int64)
    return _key(due, device, np.array([RANKS[type(event)] for event in events], np.int64))


def _key(due: Ints, device: Ints, rank: Ints | int) -> Ints:
    """One number that sorts by due time, then by device, then by the kind of event."""
    return ((due << _DEVICE_BITS) + device << _RANK_BITS) + rank


def readings(rows: Rows, members: Ints) -> list[Reading | Malformed]:
    """The rows as events."""
    device = members[rows.device].tolist()
    heads = device, rows.sequence.tolist(), rows.due.tolist(), rows.time.tolist()
    # As Reading(…) does, without a call of Python for each.
    found: list[Reading | Malformed] = list(
        map(tuple.__new__, repeat(Reading), zip(*heads, _values(rows), strict=True))
    )
    for place in np.flatnonzero(rows.malformed).tolist():
        reading, kind = found[place], PAYLOADS[rows.malformed[place] - 1]
        assert isinstance(reading, Reading)  # noqa: S101
        found[place] = Malformed(*reading[:4], kind, payload(kind, reading.time, reading.values))
    return found


def _values(rows: Rows) -> Iterator[dict[str, Any]]:
    names, columns = list(rows.columns), [column.tolist() for column in rows.columns.values()]
    values = map(dict, map(zip, repeat(names), zip(*columns, strict=True)))
    return map(_present, values, _absent(rows)) if rows.missing else values


def _absent(rows: Rows) -> Iterator[list[str]]:
    names = list(rows.missing)
    masks: list[NDArray[np.bool_]] = list(rows.missing.values())
    for flags in zip(*(mask.tolist() for mask in masks), strict=True):
        yield [name for name, flag in zip(names, flags, strict=True) if flag]


def _present(values: dict[str, Any], absent: list[str]) -> dict[str, Any]:
    for name in absent:
        del values[name]
    return values
