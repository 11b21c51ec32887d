"""Windows of time: the aggregate functions over them, and the values of windows that have none."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from iotflow.words import Aggregation, Fill
from iotflow_server.telemetry.batch import Column, Mask, Times, Values, ValueType
from iotflow_server.telemetry.ports import Span, WindowFigures, Windows

# The largest float64 below 2^63: interpolation between two int64 may round up to 2^63, which does not fit int64.
_INT64_TOP = float(np.nextafter(2.0**63, 0.0))


FUNCTIONS_OF_ANY_TYPE = (Aggregation.COUNT, Aggregation.FIRST, Aggregation.LAST)
_FUNCTIONS_OF_SAME_TYPE = (Aggregation.MIN, Aggregation.MAX, Aggregation.FIRST, Aggregation.LAST)


@dataclass(frozen=True, slots=True)
class FunctionValues:
    """One function of one measurement: the starts of the windows that have a value, shape (windows,), ascending, and the
    values."""

    function: Aggregation
    starts: Times
    column: Column


def supported(functions: Iterable[Aggregation], value_type: ValueType) -> list[Aggregation]:
    """The functions that a type has."""
    return [function for function in functions if value_type.is_number or function in FUNCTIONS_OF_ANY_TYPE]


def function_type(function: Aggregation, value_type: ValueType) -> ValueType:
    """The type of a function of values of a type."""
    if function is Aggregation.COUNT:
        return ValueType.INT64
    return value_type if function in _FUNCTIONS_OF_SAME_TYPE else ValueType.DOUBLE


def assembled(parts: Sequence[FunctionValues], span: Span, window: int, fill: Fill | None) -> Windows:
    """The result of an aggregation: all parts over the same windows, filled as requested."""
    grid = np.unique(np.concatenate([np.empty(0, np.int64), *(part.starts for part in parts)]))
    if fill is not None:
        grid = windows_of(span, window)
    return Windows(grid, tuple(WindowFigures(part.function, _over(grid, part, fill)) for part in parts))


def _over(grid: Times, part: FunctionValues, fill: Fill | None) -> Column:
    column = spread(grid, part.starts, part.column)
    if part.function is Aggregation.COUNT:
        return Column(column.measurement, column.type, column.values)
    return column if fill is None else filled(column, fill)


def windows_of(span: Span, window: int) -> Times:
    """Starts of the windows of `window` milliseconds, counted from 1970, that touch the span; shape (windows,), ascending."""
    if span.start >= span.end:
        return np.empty(0, np.int64)
    return np.arange(span.start // window, (span.end - 1) // window + 1, dtype=np.int64) * window


def spread(grid: Times, starts: Times, column: Column) -> Column:
    """Spread a column over all windows of grid; its row i belongs to the window starts[i], shape (rows,), a part of grid."""
    values = blanks(column.type, len(grid))
    valid = np.zeros(len(grid), np.bool_)
    where = np.searchsorted(grid, starts)
    values[where] = column.values
    valid[where] = True if column.valid is None else column.valid
    return Column(column.measurement, column.type, values, None if valid.all() else valid)


def blanks(value_type: ValueType, rows: int) -> Values:
    """Zeros, or empty texts; shape (rows,)."""
    return np.full(rows, "" if value_type is ValueType.TEXT else 0, value_type.dtype)


def filled(column: Column, fill: Fill) -> Column:
    """Fill the gaps of a column with one row per window."""
    if column.valid is None or not column.valid.any() or fill is Fill.NULL:
        return column
    if fill is Fill.PREVIOUS:
        return _previous(column, column.valid)
    return _linear(column, column.valid) if column.type.is_number else column


def _previous(column: Column, valid: Mask) -> Column:
    source = np.maximum.accumulate(np.where(valid, np.arange(len(valid)), -1))
    return Column(column.measurement, column.type, column.values[source], source >= 0)


def _linear(column: Column, valid: Mask) -> Column:
    rows = np.arange(len(valid))
    known = rows[valid]
    gaps = ~valid & (rows > known[0]) & (rows < known[-1])
    line = np.interp(rows[gaps], known, column.values[valid].astype(np.float64))
    values = column.values.copy()
    if column.type in (ValueType.INT32, ValueType.INT64):
        line = np.minimum(np.rint(line), _INT64_TOP)
    values[gaps] = line.astype(column.type.dtype)
    return Column(column.measurement, column.type, values, valid | gaps)


def aggregate_windows(function: Aggregation, column: Column, firsts: Times) -> Column:
    """Apply a function to each window. column: values in time order, without gaps; firsts: first rows of the windows, shape
    (windows,), ascending from 0."""
    sizes = np.diff(np.append(firsts, len(column.values)))
    # A sum beyond the range of float64 becomes infinity.
    with np.errstate(over="ignore", invalid="ignore"):
        values = _FUNCTIONS[function](column.values, firsts, sizes)
    kind = function_type(function, column.type)
    valid = sizes > 1 if function is Aggregation.STDDEV else None
    return Column(column.measurement, kind, values.astype(kind.dtype, copy=False), valid)


def _sum(values: Values, firsts: Times, _sizes: Times) -> Values:
    sums: Values = np.add.reduceat(values, firsts, dtype=np.float64)
    return sums


def _avg(values: Values, firsts: Times, sizes: Times) -> Values:
    return _sum(values, firsts, sizes) / sizes


def _stddev(values: Values, firsts: Times, sizes: Times) -> Values:
    # Two passes: the mean first, then the distances from it. A sum of squares in one pass loses all digits when the values
    # are large and close together.
    wide = values.astype(np.float64)
    distances = wide - np.repeat(_avg(wide, firsts, sizes), sizes)
    return np.sqrt(_sum(distances * distances, firsts, sizes) / np.maximum(sizes - 1, 1))


def _median(values: Values, firsts: Times, sizes: Times) -> Values:
    windows = np.repeat(np.arange(len(sizes)), sizes)
    ranked = values[np.lexsort((values, windows))].astype(np.float64)
    middle: Values = ranked[firsts + (sizes - 1) // 2] / 2 + ranked[firsts + sizes // 2] / 2
    return middle


_FUNCTIONS: Mapping[Aggregation, Callable[[Values, Times, Times], Values]] = {
    Aggregation.COUNT: lambda _values, _firsts, sizes: sizes,
    Aggregation.SUM: _sum,
    Aggregation.AVG: _avg,
    Aggregation.MIN: lambda values, firsts, _sizes: np.minimum.reduceat(values, firsts),
    Aggregation.MAX: lambda values, firsts, _sizes: np.maximum.reduceat(values, firsts),
    Aggregation.FIRST: lambda values, firsts, _sizes: values[firsts],
    Aggregation.LAST: lambda values, firsts, sizes: values[firsts + sizes - 1],
    Aggregation.MEDIAN: _median,
    Aggregation.STDDEV: _stddev,
}
