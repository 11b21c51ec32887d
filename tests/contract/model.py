"""The expected results of a store, in plain Python."""

import math
import statistics
import struct
from collections.abc import Callable, Sequence
from typing import Any

from iotflow.words import Aggregation
from iotflow_server.telemetry.batch import Batch, ValueType
from iotflow_server.telemetry.ports import Span
from tests.contract.readings import BOOLEAN, DOUBLE, FLOAT, INT32, INT64, TEXT, Contents, cells

FIGURES: dict[Aggregation, Callable[[Sequence[Any]], Any]] = {
    Aggregation.COUNT: len,
    Aggregation.SUM: math.fsum,
    Aggregation.AVG: lambda values: math.fsum(values) / len(values),
    Aggregation.MIN: min,
    Aggregation.MAX: max,
    Aggregation.FIRST: lambda values: values[0],
    Aggregation.LAST: lambda values: values[-1],
    Aggregation.MEDIAN: lambda values: statistics.median([float(value) for value in values]),
    Aggregation.STDDEV: lambda values: (
        statistics.stdev([float(value) for value in values]) if len(values) > 1 else None
    ),
}


def fits(value: Any, source: ValueType, target: ValueType) -> bool:
    if source is target:
        return True
    if BOOLEAN in (source, target) or TEXT in (source, target):
        return False
    if target is FLOAT:
        try:
            return bool(struct.unpack("f", struct.pack("f", value))[0] == value)
        except OverflowError:
            return False
    if target is DOUBLE:
        return bool(float(value) == value)
    bits = {INT32: 31, INT64: 63}[target]
    return bool(value == int(value) and -(2**bits) <= value < 2**bits)


class Model:
    """The readings of one device."""

    def __init__(self) -> None:
        self.types: dict[str, ValueType] = {}
        self.values: Contents = {}

    def write(self, batch: Batch) -> set[tuple[str, int]]:
        """Returns the rejected (measurement, row) pairs."""
        types, values = dict(self.types), dict(self.values)
        refused = set()
        filled = [(column, cells(column)) for column in batch.columns]
        for row, time in enumerate(batch.times.tolist()):
            for column, held in filled:
                if held[row] is None:
                    continue
                target = types.setdefault(column.measurement, column.type)
                if fits(held[row], column.type, target):
                    values[column.measurement, time] = held[row]
                else:
                    refused.add((column.measurement, row))
        if not (refused and batch.atomic):
            self.types, self.values = types, values
        return refused

    def within(self, span: Span) -> Contents:
        return {key: value for key, value in self.values.items() if span.start <= key[1] < span.end}

    def delete(self, span: Span) -> None:
        gone = self.within(span)
        self.values = {key: value for key, value in self.values.items() if key not in gone}

    def latest(self) -> dict[str, tuple[int, Any]]:
        newest = {measurement: max(t for m, t in self.values if m == measurement) for measurement, _ in self.values}
        return {measurement: (time, self.values[measurement, time]) for measurement, time in newest.items()}

    def figures(self, span: Span, window: int) -> dict[tuple[str, str], dict[int, Any]]:
        """By measurement and function: the value of each window that has one, by its start."""
        groups: dict[tuple[str, int], list[Any]] = {}
        for (measurement, time), value in sorted(self.within(span).items(), key=lambda item: item[0]):
            groups.setdefault((measurement, time // window * window), []).append(value)
        found: dict[tuple[str, str], dict[int, Any]] = {}
        for (measurement, start), values in groups.items():
            for function, figure in FIGURES.items():
                number = self.types[measurement].is_number
                if number or function in (Aggregation.COUNT, Aggregation.FIRST, Aggregation.LAST):
                    found.setdefault((measurement, function.value), {})[start] = figure(values)
        return found
