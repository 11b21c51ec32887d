"""A batch of several devices is stored like the batches of its devices."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iotflow_server.telemetry.batch import Column
from iotflow_server.telemetry.multi_device_batch import MultiDeviceBatch
from iotflow_server.telemetry.ports import Span, TelemetryStore
from tests.contract.agreement import check_latest, check_reading
from tests.contract.model import Model
from tests.contract.readings import DOUBLE, INT32, TEXT, batch, column, contents, doubles, named


def together(rows: dict[int, list[int]], *columns: Column) -> MultiDeviceBatch:
    """rows: the times of each device."""
    times = np.array([time for own in rows.values() for time in own], np.int64)
    return MultiDeviceBatch(list(rows), np.cumsum([len(own) for own in rows.values()]), times, columns)


async def test_each_device_gets_its_rows(store: TelemetryStore) -> None:
    values = column("m", DOUBLE, [1.0, 2.0, 3.0, 4.0])
    texts = column("t", TEXT, [None, "b", None, None])
    written = together({3: [10], 1: [10, 11], 2: [-5]}, values, texts)
    assert await store.write([written]) == [()]
    assert await contents(store, 3) == {("m", 10): 1.0}
    assert await contents(store, 1) == {("m", 10): 2.0, ("t", 10): "b", ("m", 11): 3.0}
    assert await contents(store, 2) == {("m", -5): 4.0}
    assert await store.measurements(3) == {"m": DOUBLE}
    assert await store.write([written, written]) == [(), ()]
    assert await store.count(1, Span()) == 2


async def test_it_is_written_in_its_place_among_other_batches(store: TelemetryStore) -> None:
    first, last = doubles(1, {1: 1.0, 2: 1.0}), doubles(1, {2: 3.0})
    between = together({2: [1], 1: [1, 2]}, column("m", DOUBLE, [9.0, 2.0, 2.0]))
    for _ in range(2):
        assert await store.write([first, between, last]) == [()] * 3
        assert await contents(store, 1) == {("m", 1): 2.0, ("m", 2): 3.0}
        assert await contents(store, 2) == {("m", 1): 9.0}


async def test_rejections_count_the_rows_of_the_whole(store: TelemetryStore) -> None:
    await store.write([batch(2, [0], column("m", TEXT, ["x"])), batch(3, [0], column("m", INT32, [7]))])
    written = together({1: [1, 2], 2: [1, 2], 3: [1, 2, 3]}, column("m", DOUBLE, [1.0, 2.0, 3.0, 4.0, 5.0, 5.5, 6.0]))
    (rejections,) = await store.write([written])
    assert named(rejections) == [("m", 2, 2, "TYPE_CONFLICT"), ("m", 5, 1, "TYPE_CONFLICT")]
    assert await contents(store, 1) == {("m", 1): 1.0, ("m", 2): 2.0}
    assert await contents(store, 2) == {("m", 0): "x"}
    assert await contents(store, 3) == {("m", 0): 7, ("m", 1): 5, ("m", 3): 6}


@pytest.mark.parametrize("known", [True, False])
async def test_a_value_that_cannot_be_stored_rejects_the_rows_of_its_device(store: TelemetryStore, known: bool) -> None:
    if known:
        await store.write([batch(device_id, [0], column("t", TEXT, ["x"])) for device_id in (1, 2, 3)])
    written = together({1: [1], 2: [1, 2], 3: [1]}, column("t", TEXT, ["a", "\ud800", "c", "d"]))
    rejections, others = await store.write([written, doubles(1, {1: 1.0})])
    assert named(rejections) == [("", 1, 2, "UNSTORABLE")]
    assert others == ()
    found: list[dict[Any, Any]] = [await contents(store, device_id, Span(1)) for device_id in (1, 2, 3)]
    assert found == [{("t", 1): "a", ("m", 1): 1.0}, {}, {("t", 1): "d"}]


async def test_many_rows_of_one_device_are_stored_beside_few_of_others(store: TelemetryStore) -> None:
    rows = 500
    written = together({1: [5], 2: list(range(rows)), 3: [7]}, column("m", INT32, list(range(rows + 2))))
    for _ in range(2):
        assert await store.write([written]) == [()]
        assert await contents(store, 1) == {("m", 5): 0}
        assert await contents(store, 2) == {("m", time): time + 1 for time in range(rows)}
        assert await contents(store, 3) == {("m", 7): rows + 1}


VALUES = {
    DOUBLE: st.sampled_from([0.5, 2.0, 1e15]),
    INT32: st.sampled_from([0, 7, -1]),
    TEXT: st.sampled_from(["", "x"]),
}
DEVICES = 4


@st.composite
def batches(draw: st.DrawFn) -> tuple[dict[int, list[int]], list[Column]]:
    """Times by the place of a device, and columns; each row has a value."""
    own = st.lists(st.integers(0, 5), min_size=1, max_size=3)
    rows = draw(st.dictionaries(st.integers(0, DEVICES - 1), own, min_size=1))
    size = sum(map(len, rows.values()))
    columns = []
    for name in ["first", *draw(st.lists(st.sampled_from("ab"), max_size=2, unique=True))]:
        kind = DOUBLE if name == "first" else draw(st.sampled_from(list(VALUES)))
        value = VALUES[kind] if name == "first" else st.none() | VALUES[kind]
        columns.append(column(name, kind, draw(st.lists(value, min_size=size, max_size=size))))
    return rows, [one for one in columns if one.present]


_first_ids = iter(range(100, 100_000, DEVICES))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(groups=st.lists(batches(), max_size=5))
async def test_it_has_the_results_of_separate_batches(
    store: TelemetryStore, groups: list[tuple[dict[int, list[int]], list[Column]]]
) -> None:
    first, models = next(_first_ids), [Model() for _ in range(DEVICES)]
    for rows, columns in groups:
        written = together({first + place: times for place, times in rows.items()}, *columns)
        (rejections,) = await store.write([written])
        expected = set()
        for part, start in zip(written.parts(), written.firsts.tolist(), strict=True):
            refused = models[part.device_id - first].write(part)
            expected |= {(measurement, start + row) for measurement, row in refused}
        assert {(one.measurement, one.index + step) for one in rejections for step in range(one.count)} == expected
    for place, model in enumerate(models):
        await check_reading(store, first + place, model, Span(), 3)
        await check_latest(store, first + place, model)
