"""Filling of windows without a value."""

from typing import Any

import pytest

from iotflow.words import Aggregation, Fill
from iotflow_server.telemetry.batch import ValueType
from iotflow_server.telemetry.ports import Span, TelemetryStore
from tests.contract.readings import BOOLEAN, DOUBLE, FLOAT, INT32, INT64, TEXT, batch, column, doubles, table

TIMES = [-15, 5, 35]
STARTS = [-30, -20, -10, 0, 10, 20, 30, 40]
SPAN = Span(-21, 41)

FILLED: list[tuple[ValueType, list[Any], Fill, list[Any]]] = [
    (DOUBLE, [1.0, 2.0, 8.0], Fill.NULL, [None, 1.0, None, 2.0, None, None, 8.0, None]),
    (DOUBLE, [1.0, 2.0, 8.0], Fill.PREVIOUS, [None, 1.0, 1.0, 2.0, 2.0, 2.0, 8.0, 8.0]),
    (DOUBLE, [1.0, 2.0, 8.0], Fill.LINEAR, [None, 1.0, 1.5, 2.0, 4.0, 6.0, 8.0, None]),
    (FLOAT, [1.0, 2.0, 8.0], Fill.LINEAR, [None, 1.0, 1.5, 2.0, 4.0, 6.0, 8.0, None]),
    (INT32, [1, 3, -3], Fill.LINEAR, [None, 1, 2, 3, 1, -1, -3, None]),
    (INT64, [2**63 - 1, 2**63 - 1, 0], Fill.PREVIOUS, [None, *[2**63 - 1] * 5, 0, 0]),
    (BOOLEAN, [True, False, True], Fill.PREVIOUS, [None, True, True, False, False, False, True, True]),
    (BOOLEAN, [True, False, True], Fill.LINEAR, [None, True, None, False, None, None, True, None]),
    (TEXT, ["a", "b", "c"], Fill.PREVIOUS, [None, "a", "a", "b", "b", "b", "c", "c"]),
    (TEXT, ["a", "b", "c"], Fill.LINEAR, [None, "a", None, "b", None, None, "c", None]),
]


@pytest.mark.parametrize(("value_type", "values", "fill", "expected"), FILLED)
@pytest.mark.parametrize("function", [Aggregation.FIRST, Aggregation.LAST])
async def test_gaps_are_filled_as_requested(
    store: TelemetryStore,
    value_type: ValueType,
    values: list[Any],
    fill: Fill,
    expected: list[Any],
    function: Aggregation,
) -> None:
    await store.write([batch(1, TIMES, column("m", value_type, values))])
    windows = await store.aggregate(1, SPAN, 10, [function], fill=fill)
    assert windows.times.tolist() == STARTS
    assert windows.figures[0].column.type is value_type
    assert table(windows) == {("m", function.value): dict(zip(STARTS, expected, strict=True))}


@pytest.mark.parametrize("fill", list(Fill))
async def test_a_series_without_gaps_stays_as_it_is(store: TelemetryStore, fill: Fill) -> None:
    values = {start: float(start) for start in range(0, 50, 10)}
    await store.write([doubles(1, values)])
    windows = await store.aggregate(1, Span(0, 50), 10, [Aggregation.MAX, Aggregation.COUNT], fill=fill)
    assert table(windows) == {("m", "max"): values, ("m", "count"): dict.fromkeys(values, 1)}


async def test_interpolation_between_the_largest_integers_yields_integers(store: TelemetryStore) -> None:
    await store.write([batch(1, [0, 20], column("m", INT64, [2**63 - 1, 2**63 - 1]))])
    found = table(await store.aggregate(1, Span(0, 30), 10, [Aggregation.MAX], fill=Fill.LINEAR))[("m", "max")]
    assert found == {0: 2**63 - 1, 10: pytest.approx(2**63, rel=1e-12), 20: 2**63 - 1}
    assert found[10] > 0


@pytest.mark.parametrize("fill", list(Fill))
async def test_a_count_is_zero_and_never_filled(store: TelemetryStore, fill: Fill) -> None:
    await store.write([doubles(1, {5: 1.0, 6: 2.0, 25: 3.0})])
    found = table(await store.aggregate(1, Span(-5, 40), 10, [Aggregation.COUNT], fill=fill))
    assert found == {("m", "count"): {-10: 0, 0: 2, 10: 0, 20: 1, 30: 0}}


async def test_measurements_are_filled_independently(store: TelemetryStore) -> None:
    await store.write([doubles(1, {0: 1.0, 20: 3.0}, "a"), doubles(1, {10: 7.0}, "b")])
    found = table(await store.aggregate(1, Span(0, 30), 10, [Aggregation.AVG], fill=Fill.LINEAR))
    assert found == {("a", "avg"): {0: 1.0, 10: 2.0, 20: 3.0}, ("b", "avg"): {0: None, 10: 7.0, 20: None}}


async def test_readings_outside_the_span_fill_nothing(store: TelemetryStore) -> None:
    await store.write([doubles(1, {0: 1.0, 20: 3.0, 50: 9.0})])
    found = table(await store.aggregate(1, Span(10, 45), 10, [Aggregation.MAX], fill=Fill.PREVIOUS))
    assert found == {("m", "max"): {10: None, 20: 3.0, 30: 3.0, 40: 3.0}}


@pytest.mark.parametrize("fill", list(Fill))
@pytest.mark.parametrize(("span", "starts"), [(Span(5, 5), []), (Span(9, 11), [0, 10]), (Span(-1, 0), [-10])])
async def test_every_window_that_touches_the_span_is_there(
    store: TelemetryStore, fill: Fill, span: Span, starts: list[int]
) -> None:
    windows = await store.aggregate(404, span, 10, [Aggregation.COUNT], fill=fill)
    assert windows.times.tolist() == starts
    assert windows.figures == ()
