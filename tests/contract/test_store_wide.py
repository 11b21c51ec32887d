"""A device with very many measurements."""

import pytest

from iotflow.words import Aggregation
from iotflow_server.telemetry.ports import Span, TelemetryStore
from tests.contract.readings import DOUBLE, Contents, batch, chunks, column, contents, contents_of, table
from tests.support.latest import plain

WIDTH, A_BATCH = 2_500, 1_000
NAMES = sorted(f"m{number}" for number in range(WIDTH))
TIMES = (10, 20, 30)


async def fill(store: TelemetryStore) -> Contents:
    """Each measurement has a value at two of three times; the last ones also at a fourth, later time."""
    expected = {
        (name, time): float(place + time)
        for place, name in enumerate(NAMES)
        for row, time in enumerate(TIMES)
        if row != place % 3
    }
    for first in range(0, WIDTH, A_BATCH):
        columns = (
            column(name, DOUBLE, [expected.get((name, time)) for time in TIMES])
            for name in NAMES[first : first + A_BATCH]
        )
        await store.write([batch(1, TIMES, *columns)])
    await store.write([batch(1, [5], *(column(name, DOUBLE, [5.0]) for name in NAMES[-10:]))])
    return expected | {(name, 5): 5.0 for name in NAMES[-10:]}


@pytest.mark.parametrize("newest_first", [False, True])
async def test_a_wide_device_is_read_completely(store: TelemetryStore, newest_first: bool) -> None:
    expected = await fill(store)
    read = await chunks(store, 1, newest_first=newest_first, chunk_rows=3)
    assert contents_of(read) == expected
    times = [time for chunk in read for time in chunk.times.tolist()]
    assert times == sorted({5, *TIMES}, reverse=newest_first)
    assert all(
        [one.measurement for one in chunk.columns] == sorted(one.measurement for one in chunk.columns) for chunk in read
    )


async def test_many_columns_of_a_wide_device_by_name(store: TelemetryStore) -> None:
    expected = await fill(store)
    chosen = ["nothing", *NAMES[1_500::-1]]
    (chunk,) = await chunks(store, 1, Span(10, 31), chosen)
    assert [one.measurement for one in chunk.columns] == chosen[1:]
    assert contents_of([chunk]) == {key: value for key, value in expected.items() if key[0] in chosen and key[1] >= 10}


async def test_the_newest_values_of_a_wide_device(store: TelemetryStore) -> None:
    expected = await fill(store)
    newest = [(name, max(time for time in TIMES if (name, time) in expected)) for name in NAMES]
    assert plain(await store.latest([1, 2])) == {1: [(name, time, expected[name, time]) for name, time in newest]}


async def test_a_wide_device_is_counted_and_emptied(store: TelemetryStore) -> None:
    await fill(store)
    assert len(await store.measurements(1)) == WIDTH
    wide = Span(-(10**16), 10**16)
    assert [await store.count(1, span) for span in (Span(), wide, Span(20, 30), Span(31, 40))] == [4, 4, 1, 0]
    figures = table(await store.aggregate(1, wide, 10, [Aggregation.COUNT], [NAMES[0], NAMES[-1]]))
    assert figures[NAMES[-1], "count"] == {0: 1, 20: 1, 30: 1}
    await store.delete(1, wide)
    assert await contents(store, 1) == {}
    assert await store.count(1, Span()) == 0


async def test_batches_with_distinct_measurements_are_stored_without_squaring_their_size(store: TelemetryStore) -> None:
    """As one table, the batches of the call would have 90,000 cells; a later one overwrites an earlier one."""
    batches = [
        batch(1, [number, number + 1], *(column(f"m{number}_{n}", DOUBLE, [1.0, 2.0]) for n in range(3)))
        for number in range(100)
    ]
    assert await store.write([*batches, batch(1, [1], column("m0_0", DOUBLE, [9.0]))]) == [()] * 101
    found = await contents(store, 1)
    assert len(found) == 600
    assert (found["m0_0", 0], found["m0_0", 1], found["m99_2", 100]) == (1.0, 9.0, 2.0)
