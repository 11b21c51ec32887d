"""The type in which each measurement of a batch is stored, and the values that do not fit it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from iotflow_server.telemetry.batch import Batch, Column, Mask, Rejection, ValueType
from iotflow_server.telemetry.checks import too_many_names
from iotflow_server.telemetry.type_conversion import convert, runs, widened

# Default limit of the measurements of a device.
MOST_MEASUREMENTS = 100_000


TYPE_CONFLICT = "TYPE_CONFLICT"


@dataclass(frozen=True, slots=True)
class Resolved:
    """The storable part of a batch.

    columns: each measurement once, in its stored type, rows in the order of the batch. rejections: by column, ascending.
    new_types: types of the measurements that get their first value.
    """

    columns: tuple[Column, ...]
    rejections: tuple[Rejection, ...] = ()
    new_types: Mapping[str, ValueType] = field(default_factory=dict)

    @property
    def conflicts(self) -> set[str]:
        """The measurements with values of a conflicting type."""
        return {rejection.measurement for rejection in self.rejections if rejection.reason == TYPE_CONFLICT}


def resolve(batch: Batch, known: Mapping[str, ValueType], most: int = MOST_MEASUREMENTS) -> Resolved:
    """Fit the batch to the known types of its device's measurements, and reject new measurements beyond `most` in total.
    Nothing is stored of an atomic batch with rejections."""
    if _fits_as_it_is(batch, known):
        return Resolved(batch.columns)
    columns = [column for column in batch.columns if column.present]
    new_types = _first_types(columns, known)
    beyond = list(new_types)[max(0, most - len(known)) :]
    for name in beyond:
        del new_types[name]
    fitted: dict[str, Column] = {}
    rejections: list[Rejection] = []
    for column in columns:
        target = known.get(column.measurement) or new_types.get(column.measurement)
        if target is None:
            rejections += _beyond(column, most)
            continue
        converted, misfits = _fit(column, target)
        rejections += _rejections(column, target, misfits)
        earlier = fitted.get(column.measurement)
        fitted[column.measurement] = converted if earlier is None else _merge(earlier, converted)
    if rejections and batch.atomic:
        return Resolved((), tuple(rejections))
    return Resolved(tuple(column for column in fitted.values() if column.present), tuple(rejections), new_types)


def unstorable(batch: Batch) -> Rejection:
    """The rejection of a batch with a value that the backend cannot store."""
    message = "The batch contains a value that the telemetry store cannot store; remove it and resend the rest."
    return Rejection(0, len(batch.times), "", "UNSTORABLE", message)


def _fits_as_it_is(batch: Batch, known: Mapping[str, ValueType]) -> bool:
    names = set()
    for column in batch.columns:
        if known.get(column.measurement) is not column.type:
            return False
        names.add(column.measurement)
    return len(names) == len(batch.columns)


def _first_types(columns: Iterable[Column], known: Mapping[str, ValueType]) -> dict[str, ValueType]:
    """The type of each unknown measurement, set by its first row; every column has a value."""
    firsts: dict[str, tuple[int, ValueType]] = {}
    for column in columns:
        if column.measurement not in known:
            row = 0 if column.valid is None else int(np.argmax(column.valid))
            if column.measurement not in firsts or row < firsts[column.measurement][0]:
                firsts[column.measurement] = (row, column.type)
    return {measurement: value_type for measurement, (_, value_type) in firsts.items()}


def _fit(column: Column, target: ValueType) -> tuple[Column, Mask]:
    values, misfits = convert(column, target)
    valid = column.valid
    if misfits.any():
        misfits = widened(misfits, valid)
        valid = ~misfits if valid is None else valid & ~misfits
    return Column(column.measurement, target, values, valid), misfits


def _merge(earlier: Column, later: Column) -> Column:
    """Merge two columns of one measurement and type row by row, so that later rows still win over earlier ones."""
    if later.valid is None:
        return later
    values = np.where(later.valid, later.values, earlier.values)
    valid = None if earlier.valid is None else earlier.valid | later.valid
    return Column(earlier.measurement, earlier.type, values, valid)


def _beyond(column: Column, most: int) -> list[Rejection]:
    message = too_many_names(column.measurement, most)
    return [Rejection(index, count, column.measurement, "TOO_MANY_NAMES", message) for index, count in _present(column)]


def _present(column: Column) -> list[tuple[int, int]]:
    """The runs of rows that have a value; fast for a single run, because a batch may have a thousand such columns."""
    if column.valid is None:
        return [(0, len(column.values))]
    rows = column.valid.nonzero()[0]
    first, count = int(rows[0]), len(rows)
    return [(first, count)] if int(rows[-1]) - first + 1 == count else runs(widened(column.valid, None))


def _rejections(column: Column, target: ValueType, misfits: Mask) -> list[Rejection]:
    message = f"{column.measurement} is kept as {target}; a {column.type} value that does not fit it without loss is rejected."
    return [Rejection(index, count, column.measurement, TYPE_CONFLICT, message) for index, count in runs(misfits)]
