"""Whatever is written in whatever order, the store answers what a dictionary would."""

import asyncio
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iotflow_server.telemetry.batch import Batch, ValueType
from iotflow_server.telemetry.store import Function, Span, TelemetryStore
from tests.contract.model import Model
from tests.contract.readings import batch, cells, chunks, column, contents_of, table

NUMBERS = st.sampled_from([0, 1, -3, 7, 100_000, -(2**31), 2**31 - 1])
VALUES: dict[ValueType, st.SearchStrategy[Any]] = {
    ValueType.DOUBLE: NUMBERS.map(float) | st.sampled_from([0.1, 2.5, -0.0, 2.0**31, 1e15]),
    ValueType.FLOAT: st.sampled_from([0.0, 2.5, -7.0, 16777216.0, 0.5]),
    ValueType.INT64: NUMBERS | st.sampled_from([2**53 + 1, -(2**53) - 1, 2**31]),
    ValueType.INT32: NUMBERS,
    ValueType.BOOLEAN: st.booleans(),
    ValueType.TEXT: st.text(st.characters(codec="utf-8"), max_size=3),
}
TIMES = st.integers(-30, 30)
SPANS = st.tuples(TIMES, TIMES).map(lambda ends: Span(*ends)) | st.just(Span())

_device_ids = count(1)


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    times = draw(st.lists(TIMES, min_size=1, max_size=8))
    shapes = draw(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(ValueType)), min_size=1, max_size=4))
    columns = [
        column(name, kind, draw(st.lists(st.none() | VALUES[kind], min_size=len(times), max_size=len(times))))
        for name, kind in shapes
    ]
    return batch(0, times, *columns, atomic=draw(st.booleans()))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    groups=st.lists(st.lists(batches(), max_size=3), max_size=4),
    deleted=st.none() | SPANS,
    span=SPANS,
    window=st.integers(1, 25),
    chunk_rows=st.integers(1, 7),
)
def test_the_store_answers_like_a_dictionary(
    store: TelemetryStore,
    runner: asyncio.Runner,
    groups: list[list[Batch]],
    deleted: Span | None,
    span: Span,
    window: int,
    chunk_rows: int,
) -> None:
    runner.run(agree(store, groups, deleted, span, window, chunk_rows))


async def agree(
    store: TelemetryStore, groups: list[list[Batch]], deleted: Span | None, span: Span, window: int, chunk_rows: int
) -> None:
    device_id, model = next(_device_ids), Model()
    for group in groups:
        written = [Batch(device_id, one.times, one.columns, one.atomic) for one in group]
        for one, rejections in zip(written, await store.write(written), strict=True):
            refused = {(run.measurement, run.index + step) for run in rejections for step in range(run.count)}
            assert refused == model.write(one)
    if deleted is not None:
        model.delete(deleted)
        await store.delete(device_id, deleted)
    assert await store.measurements(device_id) == dict(sorted(model.types.items()))
    await check_reading(store, device_id, model, span, chunk_rows)
    await check_latest(store, device_id, model)
    assert await store.count(device_id, span) == len({time for _, time in model.within(span)})
    check_figures(model, span, window, table(await store.aggregate(device_id, span, window, list(Function))))


async def check_reading(store: TelemetryStore, device_id: int, model: Model, span: Span, chunk_rows: int) -> None:
    forward = await chunks(store, device_id, span, chunk_rows=chunk_rows)
    backward = await chunks(store, device_id, span, chunk_rows=chunk_rows, newest_first=True)
    times = sorted({time for _, time in model.within(span)})
    assert [time for chunk in forward for time in chunk.times.tolist()] == times
    assert [time for chunk in backward for time in chunk.times.tolist()] == times[::-1]
    for read in (forward, backward):
        assert contents_of(read) == model.within(span)
        for chunk in read:
            assert 1 <= len(chunk.times) <= chunk_rows
            assert [one.measurement for one in chunk.columns] == sorted({one.measurement for one in chunk.columns})
            assert all(one.present for one in chunk.columns)
            assert all(one.type is model.types[one.measurement] for one in chunk.columns)
            assert all(one.values.dtype == one.type.dtype for one in chunk.columns)


async def check_latest(store: TelemetryStore, device_id: int, model: Model) -> None:
    found = (await store.latest([device_id])).get(device_id, ())
    assert [one.column.measurement for one in found] == sorted(model.latest())
    assert {one.column.measurement: (one.time, cells(one.column)[0]) for one in found} == model.latest()


def check_figures(model: Model, span: Span, window: int, found: dict[tuple[str, str], dict[int, Any]]) -> None:
    expected = model.figures(span, window)
    had = {start for by_start in expected.values() for start, figure in by_start.items() if figure is not None}
    for key, by_start in found.items():
        assert list(by_start) == sorted(had)
        absent = 0 if key[1] == "count" else None
        for start, figure in by_start.items():
            wanted = expected.get(key, {}).get(start, absent)
            # Sums of doubles depend on their order in the last digits of the largest among them.
            loose = key[1] in ("sum", "avg", "stddev") and wanted is not None
            rest = 1e-9 * largest(model, key[0]) if loose else 0
            assert figure == (pytest.approx(wanted, rel=1e-9, abs=rest) if loose else wanted)
    assert {
        key for key, by_start in expected.items() if any(figure is not None for figure in by_start.values())
    } <= set(found)


def largest(model: Model, measurement: str) -> float:
    """The greatest distance from 0 among a measurement's numbers."""
    numbers = [value for (name, _), value in model.values.items() if name == measurement]
    return max(abs(float(number)) for number in numbers)
