"""IoTDB aggregates what it can; all else is computed from the readings, and the result is the same."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pytest

from iotflow.words import Aggregation
from iotflow_server.telemetry.batch import ValueType
from iotflow_server.telemetry.ports import Span
from iotflow_server.telemetry.stores.iotdb.aggregating import AggregateRequest, aggregate
from iotflow_server.telemetry.stores.iotdb.blocks import QueryResult
from iotflow_server.telemetry.stores.iotdb.schema import Paths
from tests.contract.readings import INT64, TEXT, table
from tests.support.iotdb_session import MemorySession, int64s, read

PATHS = Paths("root.iotflow")
ROWS = {-3: {"m": 5}, 0: {"m": 2}, 4: {"m": 4}, 21: {"m": 7}}
WINDOW = 10
FIGURES = {
    "count": {-10: 1, 0: 2, 20: 1},
    "max": {-10: 5, 0: 4, 20: 7},
    "median": {-10: 5.0, 0: 3.0, 20: 7.0},
}


def answer(statement: str) -> QueryResult:
    """The answers of IoTDB about ROWS: their number and extent, windows with gaps, or the readings."""
    if "GROUP BY" in statement:
        times = np.arange(-10, 30, WINDOW)
        counts: list[int | None] = [1, 2, 0, 1]
        figures = {"count(m)": counts, "max_value(m)": [5, 4, None, 7]}
        shown = {name: int64s(values) for name, values in figures.items() if name in statement.replace("`", "")}
        return QueryResult(times, shown)
    if "min_time" in statement:
        return QueryResult(np.zeros(1, np.int64), {"count": int64s([4]), "first": int64s([-3]), "last": int64s([21])})
    return read(ROWS, statement)


def aggregated(session: MemorySession, functions: Sequence[Aggregation], kind: ValueType = INT64) -> object:
    """The figures of all rows."""
    request = AggregateRequest(1, "m", kind, Span(), WINDOW, functions)
    return table(aggregate(session, PATHS, [request], Span(), WINDOW, None))


@pytest.mark.parametrize(
    ("functions", "pushed", "is_read"),
    [
        ([Aggregation.COUNT], 1, False),
        ([Aggregation.MAX, Aggregation.COUNT], 1, False),
        ([Aggregation.MEDIAN], 0, True),
        ([Aggregation.MAX, Aggregation.MEDIAN], 1, True),
    ],
)
def test_the_readings_are_read_only_for_what_iotdb_cannot_aggregate(
    functions: list[Aggregation], pushed: int, is_read: bool
) -> None:
    """pushed: statements with which IoTDB aggregates."""
    session = MemorySession(answer)
    assert aggregated(session, functions) == {("m", str(one)): FIGURES[one] for one in functions}
    assert sum("GROUP BY" in statement for statement in session.statements) == pushed
    assert any("ORDER BY TIME" in statement for statement in session.statements) is is_read


def test_nothing_is_queried_for_functions_that_the_type_does_not_have() -> None:
    session = MemorySession(partial(read, ROWS))
    assert aggregated(session, [Aggregation.SUM, Aggregation.MEDIAN], TEXT) == {}
    assert session.statements == []
