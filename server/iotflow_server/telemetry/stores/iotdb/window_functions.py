"""Aggregate functions computed from columns: those that IoTDB lacks, and any of them over sparse windows."""

from collections.abc import Callable, Mapping

import numpy as np

from iotflow.words import Aggregation
from iotflow_server.telemetry.batch import Column, Times, Values
from iotflow_server.telemetry.windows import function_type


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
