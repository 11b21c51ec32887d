"""The cache of newest values returns the values of the store, or nothing."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import numpy as np
import pytest

from iotflow_server.telemetry.batch import Batch, Column
from iotflow_server.telemetry.latest import LatestValues, Values
from iotflow_server.telemetry.latest.values import LIFE_SECONDS
from iotflow_server.telemetry.ports import Latest
from tests.contract.readings import BOOLEAN, DOUBLE, FLOAT, INT32, INT64, TEXT, batch, column, doubles
from tests.support.latest import plain, sharing
from tests.support.redis_server import RedisServer

Opening = Callable[[], AbstractAsyncContextManager[list[LatestValues]]]


@pytest.fixture(params=[1, 3], ids=["one process", "three processes"])
def opened(request: pytest.FixtureRequest, redis_running: RedisServer) -> Opening:
    """Opens the processes that share a cache."""
    with redis_running.client() as client:
        client.flushall()
    return lambda: sharing(redis_running.url, request.param)


def values(of: Batch) -> Values:
    """The newest values of a store that holds the only row of the batch."""
    return tuple(Latest(int(of.times[0]), one) for one in of.columns)


async def remember(processes: list[LatestValues], of: Batch) -> None:
    asked = await processes[0].lookup([of.device_id])
    assert asked.missing == [of.device_id]
    await processes[0].fill(asked, {of.device_id: values(of)})


async def known(processes: list[LatestValues], device_id: int = 1) -> list[tuple[str, int, object]] | None:
    """The values in the caches of all processes; None: not cached."""
    answers = [(await process.lookup([device_id])).found.get(device_id) for process in processes[::-1]]
    cached = [None if answer is None else plain({device_id: answer})[device_id] for answer in answers]
    assert all(repr(one) == repr(cached[0]) for one in cached)
    return cached[0]


async def test_all_types_are_cached_unchanged(opened: Opening) -> None:
    # fmt: off
    kept = batch(
        1, [2**53],
        column("double", DOUBLE, [-0.0]), column("float", FLOAT, [0.1]), column("int", INT32, [-(2**31)]),
        column("long", INT64, [2**53 + 1]), column("text", TEXT, ["größer\n"]), column("true", BOOLEAN, [True]),
    )
    # fmt: on
    async with opened() as processes:
        await remember(processes, kept)
        for process in processes:
            found = (await process.lookup([1])).found[1]
            assert repr(plain({1: found})) == repr(plain({1: values(kept)}))
            assert [one.column.values.dtype for one in found] == [one.type.dtype for one in kept.columns]
            assert [one.column.type for one in found] == [one.type for one in kept.columns]


async def test_a_device_without_readings_is_cached_until_its_first_write(opened: Opening) -> None:
    async with opened() as processes:
        await processes[0].fill(await processes[0].lookup([1, 2]), {})
        assert await known(processes, 1) == []
        await processes[-1].record([doubles(1, {1: 1.0})])
        assert await known(processes, 1) is None
        assert await known(processes, 2) == []


NOTED = {
    "newer": ([doubles(1, {20: 2.0})], ("m", 20, 2.0)),
    "older": ([doubles(1, {9: 2.0})], ("m", 10, 1.0)),
    "unordered": ([doubles(1, {12: 2.0, 30: 3.0, 11: 4.0})], ("m", 30, 3.0)),
    "equal times in a batch": ([batch(1, [20, 20], column("m", DOUBLE, [2.0, 3.0]))], ("m", 20, 3.0)),
    "equal times in batches": ([doubles(1, {20: 2.0}), doubles(1, {20: 3.0})], ("m", 20, 3.0)),
    "the newest row has no value": ([batch(1, [20, 30], column("m", DOUBLE, [2.0, None]))], ("m", 20, 2.0)),
    "no value": ([batch(1, [20], column("m", DOUBLE, [None]))], ("m", 10, 1.0)),
    "the same again": ([doubles(1, {10: 1.0})], ("m", 10, 1.0)),
    "another device": ([doubles(2, {20: 2.0})], ("m", 10, 1.0)),
    "another value at the time": ([doubles(1, {10: 2.0})], None),
    "another zero at the time": ([doubles(1, {10: 0.0}), doubles(1, {10: -0.0})], None),
    "another type": ([batch(1, [20], column("m", INT64, [2]))], None),
    "types by turns": ([doubles(1, {20: 2.0}), batch(1, [30], column("m", INT64, [2]))], None),
    "types in a batch": ([batch(1, [20, 30], column("m", DOUBLE, [2.0, None]), column("m", INT32, [None, 3]))], None),
    "another measurement": ([doubles(1, {5: 2.0}, "n")], None),
}


@pytest.mark.parametrize(("noted", "expected"), NOTED.values(), ids=NOTED)
async def test_recorded_batches_update_the_cache(
    opened: Opening, noted: list[Batch], expected: tuple[str, int, object] | None
) -> None:
    async with opened() as processes:
        await remember(processes, doubles(1, {10: 1.0}))
        await processes[-1].record(noted)
        assert await known(processes) == (None if expected is None else [expected])


@pytest.mark.parametrize("what", ["write", "write of nothing newer", "delete", "forget all"])
async def test_a_change_during_the_read_of_the_store_voids_the_fill(opened: Opening, what: str) -> None:
    async with opened() as processes:
        await remember(processes, doubles(2, {1: 1.0}))
        for process, other in zip(processes, processes[::-1], strict=True):
            asked = await process.lookup([1])
            assert list(asked.missing) == [1]
            match what:
                case "write":
                    await other.record([doubles(1, {20: 2.0})])
                case "write of nothing newer":
                    await other.record([doubles(1, {10: 2.0})])
                case "delete":
                    await other.invalidate([1])
                case _:
                    await other.invalidate(None)
            await process.fill(asked, {1: values(doubles(1, {10: 1.0}))})
            assert not (await process.lookup([1])).found
            if what == "delete":
                return
            await process.invalidate(None)


async def test_a_late_record_does_not_restore_deleted_values(opened: Opening) -> None:
    async with opened() as processes:
        await remember(processes, doubles(1, {10: 1.0}))
        await processes[0].invalidate([1])
        for process in processes:
            asked = await process.lookup([1])
            assert not asked.missing
            assert not asked.found
        await processes[-1].record([doubles(1, {10: 1.0})])
        assert await known(processes) is None


async def test_only_one_lookup_may_fill_a_device(opened: Opening) -> None:
    async with opened() as processes:
        first = await processes[0].lookup([1, 2])
        assert list(first.missing) == [1, 2]
        second = await processes[-1].lookup([2, 3])
        assert list(second.missing) == [3]
        await processes[-1].fill(second, {2: values(doubles(2, {1: 1.0})), 3: values(doubles(3, {1: 1.0}))})
        assert set((await processes[0].lookup([1, 2, 3])).found) == {3}


async def test_many_devices(opened: Opening) -> None:
    count = 2_500
    async with opened() as processes:
        asked = await processes[0].lookup(range(1, count + 1))
        await processes[0].fill(asked, {one: values(doubles(one, {1: 1.0})) for one in asked.missing})
        await processes[-1].record([doubles(one, {2: float(one)}) for one in asked.missing])
        found = (await processes[0].lookup(range(1, count + 1))).found
        assert plain(dict(found)) == {one: [("m", 2, float(one))] for one in range(1, count + 1)}


def long_text(size: int) -> Batch:
    return Batch(1, np.array([1], np.int64), (Column("t", TEXT, np.array(["x" * size], object)),))


async def test_redis_entries_expire_and_are_bounded(redis_running: RedisServer) -> None:
    async with sharing(redis_running.url, 1) as processes:
        with redis_running.client() as client:
            client.flushall()
        await remember(processes, doubles(3, {1: 1.0}))
        await remember(processes, long_text(100_000))
        asked = await processes[0].lookup([1])
        assert (list(asked.missing), dict(asked.found)) == ([], {})
        with redis_running.client() as client:
            keys = [key for key in client.keys("{iotflow:latest}:*") if not key.endswith(b":roll")]
            assert keys
            assert all(LIFE_SECONDS * 500 < client.pttl(key) <= LIFE_SECONDS * 1_000 for key in keys)
            assert all(client.strlen(key) < 100 for key in keys)


async def test_times_that_redis_cannot_distinguish_are_not_cached(redis_running: RedisServer) -> None:
    async with sharing(redis_running.url, 1) as processes:
        await remember(processes, doubles(11, {10: 1.0}))
        await processes[0].record([doubles(11, {2**53 + 1: 2.0})])
        assert await known(processes, 11) is None
        await remember(processes, doubles(12, {2**53 + 1: 2.0}))
        assert await known(processes, 12) is None
