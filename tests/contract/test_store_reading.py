"""Reading in chunks, in both directions, during writes."""

import asyncio
from collections.abc import Sequence

import pytest

from iotflow_server.telemetry.ports import Span, TelemetryStore
from tests.contract.readings import (
    DOUBLE,
    TEXT,
    Contents,
    batch,
    chunks,
    column,
    contents,
    contents_of,
    doubles,
)

DENSE = {time: float(time) for time in range(-20, 30)}


async def fill(store: TelemetryStore) -> Contents:
    """A dense measurement, one with gaps, and one with a single distant value."""
    gaps = {time: -value for time, value in DENSE.items() if time % 7 == 0 or time > 20}
    lone = batch(1, [11], column("lone", TEXT, ["x"]))
    written = [doubles(1, DENSE, "dense"), doubles(1, gaps, "gaps"), lone, doubles(2, {1: 1.0}, "dense")]
    await store.write(written)
    return contents_of([one for one in written if one.device_id == 1])


@pytest.mark.parametrize("chunk_rows", [1, 2, 7, 49, 50, 51, 10_000])
@pytest.mark.parametrize("newest_first", [False, True])
async def test_chunks_bring_every_row_once_in_order(store: TelemetryStore, chunk_rows: int, newest_first: bool) -> None:
    expected = await fill(store)
    read = await chunks(store, 1, chunk_rows=chunk_rows, newest_first=newest_first)
    times = [time for chunk in read for time in chunk.times.tolist()]
    assert times == sorted(DENSE, reverse=newest_first)
    assert contents_of(read) == expected
    assert all(1 <= len(chunk.times) <= chunk_rows for chunk in read)
    assert all(chunk.device_id == 1 and all(one.present for one in chunk.columns) for chunk in read)


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize(
    ("span", "expected"),
    [
        (Span(-20, -18), [-20, -19]),
        (Span(28, 30), [28, 29]),
        (Span(28), [28, 29]),
        (Span(end=-18), [-20, -19]),
        (Span(3, 4), [3]),
        (Span(4, 4), []),
        (Span(5, 3), []),
        (Span(100, 200), []),
    ],
)
async def test_a_span_includes_its_start_and_excludes_its_end(
    store: TelemetryStore, span: Span, expected: list[int], newest_first: bool
) -> None:
    await fill(store)
    read = await chunks(store, 1, span, newest_first=newest_first, chunk_rows=3)
    times = [time for chunk in read for time in chunk.times.tolist()]
    assert times == (expected[::-1] if newest_first else expected)


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        (None, ["dense", "gaps", "lone"]),
        (["lone", "dense"], ["lone", "dense"]),
        (["gaps", "nothing", "gaps"], ["gaps"]),
        (["nothing"], []),
        ([], []),
    ],
)
async def test_only_the_requested_measurements_in_that_order(
    store: TelemetryStore, asked: Sequence[str] | None, names: list[str]
) -> None:
    written = await fill(store)
    read = await chunks(store, 1, Span(), asked)
    assert [one.measurement for chunk in read for one in chunk.columns] == names
    assert contents_of(read) == {key: value for key, value in written.items() if key[0] in names}


async def test_measurements_far_apart_in_time_share_chunks_where_they_meet(store: TelemetryStore) -> None:
    early, late = dict.fromkeys(range(100), 1.0), dict.fromkeys(range(90, 190), 2.0)
    await store.write([doubles(1, early, "early"), doubles(1, late, "late")])
    read = await chunks(store, 1, chunk_rows=30)
    assert [time for chunk in read for time in chunk.times.tolist()] == list(range(190))
    by_time = {time: [one.measurement for one in chunk.columns] for chunk in read for time in chunk.times.tolist()}
    assert (by_time[0], by_time[95], by_time[189]) == (["early"], ["early", "late"], ["late"])


async def test_a_device_that_never_wrote_has_nothing(store: TelemetryStore) -> None:
    assert await chunks(store, 404) == []
    assert await store.measurements(404) == {}


async def test_a_reader_may_stop_and_start_again(store: TelemetryStore) -> None:
    expected = await fill(store)
    for _ in range(20):
        reading = store.read(1, Span(), chunk_rows=5)
        await anext(reading)
        await reading.aclose()
    assert await contents(store, 1) == expected


async def test_a_reader_sees_readings_written_before_its_next_chunk(store: TelemetryStore) -> None:
    pairs = 40

    async def grow() -> None:
        for number in range(pairs):
            values = [float(number)] * 10
            times = range(number * 10, number * 10 + 10)
            await store.write([batch(1, times, column("a", DOUBLE, values), column("b", DOUBLE, values))])

    async def watch() -> None:
        seen = 0
        while seen < pairs * 10:
            read = await chunks(store, 1, chunk_rows=1000)
            for chunk in read:
                assert all(value == time // 10 for (_, time), value in contents_of([chunk]).items())
            times = [time for chunk in read for time in chunk.times.tolist()]
            assert times == list(range(len(times)))
            assert len(times) >= seen
            seen = len(times)

    await asyncio.wait_for(asyncio.gather(grow(), watch(), watch()), 30)
