"""Aggregates over windows, compared with plain Python."""

import math
from typing import Any

import pytest

from iotflow.words import Aggregation
from iotflow_server.telemetry.batch import ValueType
from iotflow_server.telemetry.ports import Span, TelemetryStore
from tests.contract.model import FIGURES, Model
from tests.contract.readings import BOOLEAN, DOUBLE, FLOAT, INT32, INT64, TEXT, batch, column, doubles, table

ALL = list(Aggregation)
TIMES = [-25, -20, -11, -10, -1, 0, 3, 9, 10, 44]
NUMBERS = [3.5, -1.0, 2.25, 2.25, 0.0, 100.0, -7.5, 8.0, 1.0, 6.0]
SAMPLES = [
    column("double", DOUBLE, NUMBERS),
    column("float", FLOAT, [value / 2 for value in NUMBERS]),
    column("int32", INT32, [int(value) for value in NUMBERS]),
    column("int64", INT64, [int(value) + 2**40 for value in NUMBERS]),
    column("boolean", BOOLEAN, [value > 1 for value in NUMBERS]),
    column("text", TEXT, [str(value) for value in NUMBERS]),
]


async def figures(store: TelemetryStore, window: int, *functions: Aggregation, span: Span = Span()) -> Any:  # noqa: B008
    return table(await store.aggregate(1, span, window, functions or ALL))


@pytest.mark.parametrize("window", [1, 7, 10, 1000])
@pytest.mark.parametrize("span", [Span(), Span(-20, 10), Span(-19, 11), Span(-1, 0)], ids=str)
async def test_every_function_of_every_type(store: TelemetryStore, window: int, span: Span) -> None:
    written, model = batch(1, TIMES, *SAMPLES), Model()
    await store.write([written])
    model.write(written)
    found = await figures(store, window, span=span)
    for key, by_start in model.figures(span, window).items():
        had = {start: figure for start, figure in by_start.items() if figure is not None}
        if had:
            assert {start: figure for start, figure in found[key].items() if figure is not None} == pytest.approx(had)


@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.measurement)
async def test_each_function_has_its_type(store: TelemetryStore, function: Aggregation, sample: Any) -> None:
    await store.write([batch(1, TIMES, sample)])
    windows = await store.aggregate(1, Span(), 1000, [function])
    own = (Aggregation.MIN, Aggregation.MAX, Aggregation.FIRST, Aggregation.LAST)
    expected = ValueType.INT64 if function is Aggregation.COUNT else sample.type if function in own else DOUBLE
    if sample.type.is_number or function in (Aggregation.COUNT, Aggregation.FIRST, Aggregation.LAST):
        assert [one.column.type for one in windows.figures] == [expected]
        assert windows.figures[0].column.values.dtype == expected.dtype
    else:
        assert windows.figures == ()
        assert windows.times.tolist() == []


@pytest.mark.parametrize(
    ("window", "starts"),
    [(10, [-30, -20, -10, 0, 10, 40]), (7, [-28, -21, -14, -7, 0, 7, 42]), (100, [-100, 0])],
)
async def test_windows_count_from_1970_backwards_too(store: TelemetryStore, window: int, starts: list[int]) -> None:
    await store.write([batch(1, TIMES, SAMPLES[0])])
    found = await store.aggregate(1, Span(), window, [Aggregation.COUNT])
    assert found.times.tolist() == starts


async def test_the_span_cuts_windows_and_does_not_move_them(store: TelemetryStore) -> None:
    await store.write([doubles(1, {time: float(time) for time in range(-10, 20)})])
    found = await figures(store, 10, Aggregation.COUNT, Aggregation.MIN, span=Span(-3, 12))
    assert found == {("m", "count"): {-10: 3, 0: 10, 10: 2}, ("m", "min"): {-10: -3.0, 0: 0.0, 10: 10.0}}


async def test_results_are_ordered_by_measurement_then_by_function(store: TelemetryStore) -> None:
    await store.write([batch(1, TIMES, *SAMPLES)])
    asked = [Aggregation.MAX, Aggregation.COUNT, Aggregation.AVG]
    by_name = await store.aggregate(1, Span(), 10, asked)
    assert [(one.column.measurement, one.function) for one in by_name.figures[:4]] == [
        ("boolean", Aggregation.COUNT),
        ("double", Aggregation.MAX),
        ("double", Aggregation.COUNT),
        ("double", Aggregation.AVG),
    ]
    chosen = await store.aggregate(1, Span(), 10, [Aggregation.LAST], ["text", "nothing", "double"])
    assert [one.column.measurement for one in chosen.figures] == ["text", "double"]


async def test_windows_without_values_are_left_out_and_counts_are_zero_in_the_others(
    store: TelemetryStore,
) -> None:
    await store.write([doubles(1, {0: 1.0, 55: 2.0}, "a"), doubles(1, {31: 3.0}, "b")])
    found = await figures(store, 10, Aggregation.COUNT, Aggregation.SUM)
    assert found[("a", "count")] == {0: 1, 30: 0, 50: 1}
    assert found[("b", "sum")] == {0: None, 30: 3.0, 50: None}


async def test_a_single_value_has_no_stddev(store: TelemetryStore) -> None:
    await store.write([doubles(1, {0: 1.0, 10: 2.0, 11: 4.0})])
    assert await figures(store, 10, Aggregation.STDDEV) == {("m", "stddev"): {10: pytest.approx(math.sqrt(2))}}
    assert (await figures(store, 10, Aggregation.STDDEV, Aggregation.COUNT))[("m", "stddev")][0] is None


async def test_stddev_keeps_its_digits_far_from_zero(store: TelemetryStore) -> None:
    values = {time: 1e9 + time % 3 for time in range(300)}
    await store.write([doubles(1, values)])
    found = await figures(store, 1000, Aggregation.STDDEV)
    assert found[("m", "stddev")][0] == pytest.approx(FIGURES[Aggregation.STDDEV](list(values.values())), rel=1e-9)


async def test_a_sum_of_integers_may_exceed_the_range_of_integers(store: TelemetryStore) -> None:
    await store.write([batch(1, [1, 2], column("m", INT64, [2**63 - 1, 2**63 - 1]))])
    found = await figures(store, 10, Aggregation.SUM, Aggregation.AVG, Aggregation.MEDIAN, Aggregation.MAX)
    assert found[("m", "sum")][0] == 2.0**64
    assert found[("m", "avg")][0] == found[("m", "median")][0] == 2.0**63
    assert found[("m", "max")][0] == 2**63 - 1


async def test_a_device_that_never_wrote_has_no_aggregates(store: TelemetryStore) -> None:
    found = await store.aggregate(404, Span(0, 100), 10, ALL)
    assert found.times.tolist() == []
    assert found.figures == ()
