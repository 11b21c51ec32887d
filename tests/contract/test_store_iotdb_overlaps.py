"""Readings of one device in many files of IoTDB's, written over each other with gaps."""

import asyncio
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

import numpy as np
import pytest

from iotflow_server.telemetry.batch import Batch
from iotflow_server.telemetry.store import Function, Span
from iotflow_server.telemetry.stores.iotdb import IotdbAddress, IotdbStore, names
from tests.contract.agreement import check_figures, check_latest, check_reading
from tests.contract.model import Model
from tests.contract.readings import DOUBLE, INT64, TEXT, Clock, batch, chunks, column, contents, contents_of, table
from tests.latest import plain

NAMES = ("a", "b", "c", "d")
KINDS = (DOUBLE, DOUBLE, INT64, TEXT)
DEVICES, FILES, TIMES = 30, 6, 7


@pytest.fixture
def store(iotdb_address: IotdbAddress, clock: Clock, runner: asyncio.Runner) -> Iterator[IotdbStore]:
    store = IotdbStore(iotdb_address, clock=clock)
    runner.run(store.start())
    yield store
    runner.run(store.close())


async def test_a_value_overwritten_in_a_file_of_the_middle_is_not_answered(store: IotdbStore) -> None:
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


@pytest.mark.parametrize(("seed", "together"), [(0, 100), (1, 100), (2, 2)])
async def test_any_files_over_each_other_answer_like_a_dictionary(
    store: IotdbStore, seed: int, together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """together: how many columns a statement asks for; two, so that these few are many."""
    monkeypatch.setattr(names, "TOGETHER", together)
    random = np.random.default_rng(seed)
    models = {device_id: Model() for device_id in range(DEVICES)}
    values = count(1)
    for _ in range(FILES):
        written = [_overlay(random, device_id, values) for device_id in models]
        for one in written:
            models[one.device_id].write(one)
        await store.write(written)
        # Now and then two writes meet in one file, and what comes last stays in memory.
        if random.random() < 0.8:
            await store.flush()
    for device_id, model in models.items():
        await _agree(store, random, device_id, model)


def _overlay(random: np.random.Generator, device_id: int, values: Iterator[int]) -> Batch:
    """A few neighbouring rows with gaps; no value is written twice, so that each says where it comes from."""
    first = int(random.integers(TIMES))
    times = range(first, int(random.integers(first, TIMES)) + 1)
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
        check_figures(model, span, 3, table(await store.aggregate(device_id, span, 3, list(Function))))
    chosen = [NAMES[one] for one in random.permutation(len(NAMES))[:3]]
    expected = {key: value for key, value in model.values.items() if key[0] in chosen}
    for newest_first in (False, True):
        read = await chunks(store, device_id, measurements=chosen, newest_first=newest_first, chunk_rows=3)
        assert contents_of(read) == expected
    await check_latest(store, device_id, model)
