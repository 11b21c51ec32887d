"""Short notations for batches, and reading of the content of a store."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from iotflow_server.telemetry.batch import Batch, Column, Rejection, ValueType
from iotflow_server.telemetry.ports import Span, TelemetryReader, Windows

DOUBLE, FLOAT, INT64, INT32, BOOLEAN, TEXT = ValueType

Contents = dict[tuple[str, int], Any]


class Clock:
    """A clock in milliseconds that the test sets."""

    def __init__(self) -> None:
        self.now = 1_700_000_000_000
        self.is_settled = True

    def settled(self) -> bool:
        return self.is_settled

    def __call__(self) -> int:
        return self.now


def column(measurement: str, value_type: ValueType, values: Sequence[Any]) -> Column:
    """None: no value in this row."""
    blank = "" if value_type is TEXT else 0
    valid = np.array([value is not None for value in values], np.bool_)
    held = np.array([blank if value is None else value for value in values], value_type.dtype)
    return Column(measurement, value_type, held, None if valid.all() else valid)


def batch(device_id: int, times: Sequence[int], *columns: Column, atomic: bool = False) -> Batch:
    return Batch(device_id, np.array(times, np.int64), columns, atomic)


def doubles(device_id: int, readings: dict[int, float], measurement: str = "m") -> Batch:
    """A batch of one DOUBLE, from times to values."""
    return batch(device_id, list(readings), column(measurement, DOUBLE, list(readings.values())))


def cells(column: Column) -> list[Any]:
    """The values of a column, None for missing ones."""
    valid = np.ones(len(column.values), np.bool_) if column.valid is None else column.valid
    return [value if present else None for value, present in zip(column.values.tolist(), valid, strict=True)]


async def chunks(
    store: TelemetryReader,
    device_id: int,
    span: Span = Span(),  # noqa: B008 - frozen
    measurements: Sequence[str] | None = None,
    **ways: Any,
) -> list[Batch]:
    return [chunk async for chunk in store.read(device_id, span, measurements, **ways)]


def contents_of(chunks: Sequence[Batch]) -> Contents:
    return {
        (column.measurement, time): value
        for chunk in chunks
        for column in chunk.columns
        for time, value in zip(chunk.times.tolist(), cells(column), strict=True)
        if value is not None
    }


async def contents(store: TelemetryReader, device_id: int, span: Span = Span()) -> Contents:  # noqa: B008 - frozen
    return contents_of(await chunks(store, device_id, span))


def named(rejections: Sequence[Rejection]) -> list[tuple[str, int, int, str]]:
    return [(one.measurement, one.index, one.count, one.reason) for one in rejections]


def table(windows: Windows) -> dict[tuple[str, str], dict[int, Any]]:
    """By measurement and function: the value of each window, or None, by its start."""
    times = windows.times.tolist()
    return {
        (one.column.measurement, one.function.value): dict(zip(times, cells(one.column), strict=True))
        for one in windows.figures
    }
