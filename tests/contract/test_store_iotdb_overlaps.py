"""Readings of one device in many overlapping files of IoTDB, with gaps."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import count
from typing import Any

import numpy as np
import pytest

from iotflow.words import Aggregation
from iotflow_server.telemetry.batch import Batch
from iotflow_server.telemetry.ports import Span
from iotflow_server.telemetry.stores.iotdb import IotdbAddress, IotdbStore, order, rows
from tests.contract.agreement import check_figures, check_latest, check_reading
from tests.contract.model import Model
from tests.contract.readings import DOUBLE, INT64, TEXT, Clock, batch, chunks, column, contents, contents_of, table
from tests.support.latest import plain

NAMES = ("a", "b", "c", "d")
KINDS = (DOUBLE, DOUBLE, INT64, TEXT)
DEVICES, FILES, TIMES = 20, 6, 7


@pytest.fixture
def statement_columns() -> int:
    """Largest number of columns in one statement."""
    return 100


@pytest.fixture(params=[False, True], ids=["one of many", "sole"])
async def store(
    request: pytest.FixtureRequest, iotdb_address: IotdbAddress, clock: Clock, statement_columns: int
) -> AsyncIterator[IotdbStore]:
    store = IotdbStore(iotdb_address, clock=clock, sole=request.param, statement_columns=statement_columns)
    await store.start()
    yield store
    await store.close()


async def test_a_value_overwritten_in_a_middle_file_is_not_returned(store: IotdbStore) -> None:
    for written in (
        batch(1, [1, 2], column("m", DOUBLE, [1.0, 1.0]), column("n", DOUBLE, [0.0, 0.0])),
        batch(1, [2], column("m", DOUBLE, [2.0])),
        batch(1, [1, 2], column("m", DOUBLE, [3.0, None]), column("n", DOUBLE, [0.0, 0.0])),
    ):
        await store.write([written])
        await store.flush()
    assert await contents(store, 1) == {("m", 1): 3.0, ("m", 2): 2.0, ("n", 1): 0.0, ("n", 2): 0.0}
    assert contents_of(await chunks(store, 1, measurements=["new", "n", "m"])) == await contents(store, 1)


async def test_the_newest_value_is_not_one_that_was_overwritten(store: IotdbStore) -> None:
    for written in (
        batch(1, [1, 2], column("m", DOUBLE, [1.0, None]), column("n", DOUBLE, [0.0, 0.0])),
        batch(1, [1], column("m", DOUBLE, [2.0])),
        batch(1, [1, 2], column("n", DOUBLE, [0.0, 0.0])),
    ):
        await store.write([written])
        await store.flush()
    expected = {1: [("m", 1, 2.0), ("n", 2, 0.0)]}
    assert plain(await store.latest([1])) == expected
    assert plain(await store.latest([1], ["m", "n"])) == expected


async def test_readings_written_late_are_in_the_pages_that_they_belong_to(store: IotdbStore) -> None:
    model = Model()
    for written in (
        batch(1, range(40), column("m", DOUBLE, [1.0] * 40), column("n", DOUBLE, [1.0] * 40)),
        batch(1, [31, 33], column("m", DOUBLE, [2.0, 2.0])),
        batch(1, range(30, 40), column("n", DOUBLE, [3.0] * 10)),
    ):
        model.write(written)
        await store.write([written])
        await store.flush()
    for chunk_rows in (1, 7, 40):
        await check_reading(store, 1, model, Span(), chunk_rows)


@pytest.mark.parametrize(("seed", "statement_columns"), [(0, 100), (1, 2)])
async def test_any_overlapping_files_behave_like_a_dictionary(store: IotdbStore, seed: int) -> None:
    """With two columns in a statement, a few columns require several statements."""
    random = np.random.default_rng(seed)
    models = {device_id: Model() for device_id in range(DEVICES)}
    values = count(1)
    for _ in range(FILES):
        written = [_overlay(random, device_id, values) for device_id in models]
        for one in written:
            models[one.device_id].write(one)
        await store.write(written)
        # Sometimes two writes share a file, and the last ones stay in memory.
        if random.random() < 0.8:
            await store.flush()
    await asyncio.gather(*(_agree(store, random, *device) for device in models.items()))


@pytest.mark.parametrize("seed", range(2))
async def test_reads_between_and_during_writes_return_the_last_written_values(
    store: IotdbStore, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Devices that send in time order, then overwrite repeatedly, and then continue."""
    asked = _counting(monkeypatch)
    random = np.random.default_rng(seed)
    models = {device_id: Model() for device_id in range(DEVICES // 2)}
    values = count(1)
    for turn in range(3 * FILES):
        first = TIMES * (turn // FILES)
        written = [_overlay(random, device_id, values, first) for device_id in models]
        before = {device_id: dict(model.values) for device_id, model in models.items()}
        for one in written:
            models[one.device_id].write(one)
        half = len(written) // 2
        beside, *_ = await asyncio.gather(
            asyncio.gather(*(contents(store, device_id) for device_id in models)),
            store.write(written[:half]),
            store.write(written[half:]),
        )
        for (device_id, model), found in zip(models.items(), beside, strict=True):
            assert before[device_id].keys() <= found.keys() <= model.values.keys()
            assert all(value in (before[device_id].get(key), model.values[key]) for key, value in found.items())
        if random.random() < 0.9:
            await store.flush()
        await asyncio.gather(*(check_reading(store, *device, Span(first), 1_000) for device in models.items()))
        await check_reading(store, 1, models[1], Span(int(random.integers(first + 1)), first + 3), 5)
    assert asked


async def test_a_sole_writer_queries_the_order_once_for_rows_in_time_order(
    iotdb_address: IotdbAddress, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, store = _counting(monkeypatch), IotdbStore(iotdb_address, clock=clock, sole=True)
    await store.start()
    for turn in range(5):
        await store.write([_rows(range(10 * turn, 10 * turn + 10))])
        await store.flush()
        assert len(await contents(store, 1)) == 20 * (turn + 1)
        assert len(await contents(store, 1, Span(5))) == 20 * (turn + 1) - 10
        assert len(asked) == 1
    await store.write([_rows([3])])
    await store.flush()
    for _ in range(2):
        assert len(await contents(store, 1)) == 100
    assert len(asked) > 1
    await store.close()


async def test_a_sole_writer_queries_the_order_of_earlier_rows(iotdb_address: IotdbAddress, clock: Clock) -> None:
    model = Model()
    before, store = IotdbStore(iotdb_address, clock=clock), IotdbStore(iotdb_address, clock=clock, sole=True)
    for written, by in (
        (batch(1, [1, 2], column("m", DOUBLE, [1.0, 1.0]), column("n", DOUBLE, [0.0, 0.0])), before),
        (batch(1, [2], column("m", DOUBLE, [2.0])), before),
        (batch(1, [1, 2], column("m", DOUBLE, [3.0, None]), column("n", DOUBLE, [0.0, 0.0])), store),
        (batch(1, [3, 4], column("m", DOUBLE, [4.0, 4.0]), column("n", DOUBLE, [0.0, 0.0])), store),
    ):
        model.write(written)
        await by.write([written])
        await by.flush()
        if by is store:
            await check_reading(store, 1, model, Span(), 10)
    for one in (before, store):
        await one.close()


def _rows(times: Sequence[int]) -> Batch:
    values = [float(time) for time in times]
    return batch(1, times, column("m", DOUBLE, values), column("n", DOUBLE, values))


def _counting(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The order queries sent to IoTDB; the list grows with each one."""
    asked: list[str] = []

    def recorded(*args: Any) -> str:
        asked.append(order.order_query(*args))
        return asked[-1]

    monkeypatch.setattr(rows, "order_query", recorded)
    return asked


def _overlay(random: np.random.Generator, device_id: int, values: Iterator[int], earliest: int = 0) -> Batch:
    """A few adjacent rows with gaps; no value is written twice, so that each identifies its write."""
    first = earliest + int(random.integers(TIMES))
    times = range(first, int(random.integers(first, earliest + TIMES)) + 1)
    measured = random.permutation(len(NAMES))[: random.integers(1, len(NAMES) + 1)].tolist()
    return batch(
        device_id, times, *(column(NAMES[one], KINDS[one], _cells(random, one, times, values)) for one in measured)
    )


def _cells(random: np.random.Generator, name: int, times: range, values: Iterator[int]) -> Sequence[Any]:
    written: list[Any] = [next(values) if random.random() < 0.6 else None for _ in times]
    return [str(value) if KINDS[name] is TEXT and value is not None else value for value in written]


async def _agree(store: IotdbStore, random: np.random.Generator, device_id: int, model: Model) -> None:
    start = int(random.integers(-1, TIMES))
    for span in (Span(), Span(start, int(random.integers(start, TIMES + 1)))):
        await check_reading(store, device_id, model, span, int(random.integers(1, TIMES + 1)))
        assert await store.count(device_id, span) == len({time for _, time in model.within(span)})
        check_figures(model, span, 3, table(await store.aggregate(device_id, span, 3, list(Aggregation))))
    chosen = [NAMES[one] for one in random.permutation(len(NAMES))[:3]]
    expected = {key: value for key, value in model.values.items() if key[0] in chosen}
    for newest_first in (False, True):
        read = await chunks(store, device_id, measurements=chosen, newest_first=newest_first, chunk_rows=3)
        assert contents_of(read) == expected
    await check_latest(store, device_id, model)
