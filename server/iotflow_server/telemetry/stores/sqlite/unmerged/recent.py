"""Unmerged readings of one series, as results of queries."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from iotflow_server.telemetry.batch import Times, Values
from iotflow_server.telemetry.ports import Span
from iotflow_server.telemetry.stores.sqlite.series import Series
from iotflow_server.telemetry.stores.sqlite.unmerged.arrivals import Arrivals


@dataclass(frozen=True, slots=True)
class Recent:
    """times: shape (rows,), ascending and distinct. values: shape (rows,), in the type of the series."""

    times: Times
    values: Values


_NONE = Recent(np.empty(0, np.int64), np.empty(0))


def recent_in(arrivals: Arrivals, series: Series, span: Span) -> Recent:
    """The readings of a series within the span; of equal times, the one that arrived last."""
    if not len(arrivals):
        return _NONE
    own = arrivals.of([series.id])
    within = (own.times >= span.start) & (own.times < span.end)
    sorted_ = own.select(within).newest_written()
    return Recent(sorted_.times, sorted_.column(series.type))


def newest_by_series(arrivals: Arrivals, series_ids: Sequence[int]) -> dict[int, Arrivals]:
    """The newest reading of each of these series that has one."""
    if not len(arrivals):
        return {}
    own = arrivals.of(series_ids).newest_written()
    is_newest = np.ones(len(own), np.bool_)
    is_newest[:-1] = own.series[1:] != own.series[:-1]
    rows = np.flatnonzero(is_newest)
    return {
        number: own.select(slice(row, row + 1))
        for number, row in zip(own.series[rows].tolist(), rows.tolist(), strict=True)
    }
