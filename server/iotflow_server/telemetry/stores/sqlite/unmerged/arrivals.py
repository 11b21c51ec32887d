"""Readings of many series as columns, in the order of arrival."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iotflow_server.telemetry.batch import Column, Mask, Times, Values, ValueType

Rows = NDArray[np.intp]


class Kind(IntEnum):
    """How a value is kept in a cell of 64 bits: as a double, as an integer, or as the place of a text."""

    DOUBLE = 0
    INTEGER = 1
    TEXT = 2


KINDS = {
    ValueType.DOUBLE: Kind.DOUBLE,
    ValueType.FLOAT: Kind.DOUBLE,
    ValueType.INT64: Kind.INTEGER,
    ValueType.INT32: Kind.INTEGER,
    ValueType.BOOLEAN: Kind.INTEGER,
    ValueType.TEXT: Kind.TEXT,
}
DTYPES = {Kind.DOUBLE: np.dtype(np.float64), Kind.INTEGER: np.dtype(np.int64)}


class UnstorableValue(ValueError):
    """A value is NaN, which SQLite does not keep."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """series, times, cells: shape (readings,), int64. kinds: shape (readings,), uint8. texts: those that the cells refer to, which
    count from first_text."""

    series: Times
    times: Times
    kinds: NDArray[np.uint8]
    cells: NDArray[np.int64]
    texts: Sequence[str] = ()
    first_text: int = 0

    def __len__(self) -> int:
        return len(self.series)

    def select(self, rows: Mask | Rows | slice) -> "Arrivals":
        """Some of the readings."""
        return Arrivals(
            self.series[rows], self.times[rows], self.kinds[rows], self.cells[rows], self.texts, self.first_text
        )

    def of(self, series_ids: Sequence[int]) -> "Arrivals":
        """The readings of these series."""
        if not len(self):
            return self
        if len(series_ids) == 1:
            return self.select(np.flatnonzero(self.series == series_ids[0]))
        return self.select(np.isin(self.series, np.array(series_ids, np.int64)))

    def newest_written(self) -> "Arrivals":
        """Sorted by series and time; of equal ones, the reading that arrived last."""
        order = np.lexsort((self.times, self.series))
        series, times = self.series[order], self.times[order]
        is_last = np.ones(len(order), np.bool_)
        is_last[:-1] = (series[1:] != series[:-1]) | (times[1:] != times[:-1])
        return self.select(order[is_last])

    def values(self) -> list[Any]:
        """The values as objects that SQLite keeps."""
        if not self.kinds.any():
            return list(self.cells.view(np.float64).tolist())
        doubles, integers, kinds = self.cells.view(np.float64).tolist(), self.cells.tolist(), self.kinds.tolist()
        return [
            self.texts[cell - self.first_text] if kind == Kind.TEXT else cell if kind else double
            for kind, cell, double in zip(kinds, integers, doubles, strict=True)
        ]

    def column(self, value_type: ValueType) -> Values:
        """The values of readings that all have this type."""
        kind = KINDS[value_type]
        if kind is Kind.TEXT:
            texts = np.empty(len(self), object)
            texts[:] = [self.texts[cell - self.first_text] for cell in self.cells.tolist()]
            return texts
        return self.cells.view(DTYPES[kind]).astype(value_type.dtype)


def no_arrivals() -> Arrivals:
    """No readings."""
    empty = np.empty(0, np.int64)
    return Arrivals(empty, empty, np.empty(0, np.uint8), empty)


@dataclass(slots=True)
class _Pieces:
    """Pieces of columns: their times and values, and the series of each reading, or the one of all readings of a piece."""

    series: list[int | Times] = field(default_factory=list)
    times: list[Times] = field(default_factory=list)
    values: list[Values] = field(default_factory=list)


class Gathered:
    """The pieces of columns that one transaction adds."""

    def __init__(self) -> None:
        self._pieces = {kind: _Pieces() for kind in Kind}

    def __bool__(self) -> bool:
        return any(pieces.series for pieces in self._pieces.values())

    def add(self, series: int, times: Times, column: Column) -> None:
        """Add the values of a column to a series."""
        values = column.values
        if column.valid is not None:
            times, values = times[column.valid], values[column.valid]
        self._add(series, times, column.type, values)

    def add_rows(self, series: Times, times: Times, value_type: ValueType, values: Values) -> None:
        """Add values of many series. series, times, values: shape (rows,)."""
        if len(series):
            self._add(series, times, value_type, values)

    def _add(self, series: int | Times, times: Times, value_type: ValueType, values: Values) -> None:
        pieces = self._pieces[KINDS[value_type]]
        pieces.series.append(series)
        pieces.times.append(times)
        pieces.values.append(values)

    def times(self, series: int) -> list[Times]:
        """The times of a series, by piece."""
        found = []
        for pieces in self._pieces.values():
            for one, times in zip(pieces.series, pieces.times, strict=True):
                own = times[one == series] if isinstance(one, np.ndarray) else times if one == series else times[:0]
                if len(own):
                    found.append(own)
        return found

    def arrivals(self) -> Arrivals:
        """All readings. Raises UnstorableValue."""
        parts = [_joined(kind, pieces) for kind, pieces in self._pieces.items() if pieces.series]
        return joined(parts) if parts else no_arrivals()


def _joined(kind: Kind, pieces: _Pieces) -> Arrivals:
    series, times = _series(pieces), np.concatenate(pieces.times)
    kinds = np.full(len(series), kind, np.uint8)
    if kind is Kind.TEXT:
        texts = [text for values in pieces.values for text in values.tolist()]
        return Arrivals(series, times, kinds, np.arange(len(texts), dtype=np.int64), texts)
    cells = np.concatenate(pieces.values, dtype=DTYPES[kind], casting="unsafe")
    if kind is Kind.DOUBLE and np.isnan(cells).any():
        raise UnstorableValue("a value is NaN")
    return Arrivals(series, times, kinds, cells.view(np.int64))


def _series(pieces: _Pieces) -> Times:
    if all(isinstance(one, int) for one in pieces.series):
        return np.repeat(np.array(pieces.series, np.int64), [len(times) for times in pieces.times])
    parts = zip(pieces.series, pieces.times, strict=True)
    return np.concatenate([np.full(len(times), one) if isinstance(one, int) else one for one, times in parts])


def joined(parts: Sequence[Arrivals]) -> Arrivals:
    """Parts of which at most the last one has texts."""
    if len(parts) == 1:
        return parts[0]
    return Arrivals(
        np.concatenate([part.series for part in parts]),
        np.concatenate([part.times for part in parts]),
        np.concatenate([part.kinds for part in parts]),
        np.concatenate([part.cells for part in parts]),
        parts[-1].texts,
    )
