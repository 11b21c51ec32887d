"""Every LiveBus: readings stored by one process reach all subscribers, in order for each device."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import numpy as np
import pytest

from iotflow_server.telemetry.batch import Batch, Column
from iotflow_server.telemetry.live import EventFilter, FeedState
from iotflow_server.telemetry.outcome import Stored
from tests.contract.readings import BOOLEAN, DOUBLE, FLOAT, INT32, INT64, TEXT, batch, cells, column
from tests.support.live import Process, alone, several, stored
from tests.support.redis_server import RedisServer, redis_server

Opening = Callable[..., AbstractAsyncContextManager[list[Process]]]


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.fixture(params=["direct", "redis"])
def processes(request: pytest.FixtureRequest) -> Opening:
    """Opens the server processes that share a bus: one, or three."""
    if request.param == "direct":
        return _one
    server: RedisServer = request.getfixturevalue("redis")
    with server.client() as client:
        client.flushall()
    return lambda **ways: several(server.url, 3, **ways)


@asynccontextmanager
async def _one(**ways: int) -> AsyncIterator[list[Process]]:
    async with alone(**ways) as process:
        yield [process]


async def test_every_subscriber_receives_the_readings_of_every_process(processes: Opening) -> None:
    async with processes() as sites:
        ears = [site.receiving() for site in sites for _ in range(2)]
        opened = [receiver.__enter__() for receiver in ears]
        for number in range(60):
            await sites[number % len(sites)].store(stored(number, [number, number + 0.5]), stored(1_000, [number]))
        for receiver in opened:
            await receiver.until(lambda receiver: len(receiver.values[59]) == 2 and len(receiver.values[1_000]) == 60)
            assert [receiver.values[number] for number in range(60)] == [[number, number + 0.5] for number in range(60)]
            assert (receiver.dropped, receiver.states) == (0, [])
        for context in ears:
            context.__exit__(None, None, None)
        assert [site.feed.subscribers for site in sites] == [0] * len(sites)


async def test_a_device_that_moves_between_processes_stays_in_order(processes: Opening) -> None:
    steps = 200

    async def wander(sites: list[Process], device_id: int) -> None:
        for step in range(steps):
            await sites[(step + device_id) % len(sites)].store(stored(device_id, [step]))

    async with processes() as sites:
        with sites[0].receiving() as one, sites[-1].receiving() as other:
            await asyncio.gather(*(wander(sites, device_id) for device_id in range(10)))
            for receiver in (one, other):
                await receiver.until(
                    lambda receiver: all(len(receiver.values[device_id]) == steps for device_id in range(10))
                )
                assert all(values == list(range(steps)) for values in receiver.values.values())


async def test_concurrent_stores_in_one_process(processes: Opening) -> None:
    async with processes() as sites:
        with sites[-1].receiving() as receiver:
            await asyncio.gather(*(sites[0].store(stored(device_id, range(7))) for device_id in range(500)))
            await receiver.until(lambda receiver: len(receiver.events) == 500)
        assert all(values == list(range(7)) for values in receiver.values.values())


async def test_filters(processes: Opening) -> None:
    async with processes() as sites:
        there = sites[-1]
        with (
            there.receiving(EventFilter(device_ids=frozenset({1}))) as by_id,
            there.receiving(EventFilter(device_types=frozenset({"lamp"}))) as by_type,
            there.receiving(EventFilter(measurements=frozenset({"b"}))) as by_measurement,
            there.receiving() as everything,
        ):
            await sites[0].store(stored(1, [1]), stored(2, [2], "lamp"), stored(2, [3], "lamp", "b"))
            await sites[0].store(stored(9, [9]))
            await everything.until(lambda receiver: 9 in receiver.values)
            for receiver in (by_id, by_type, by_measurement):
                receiver.receive()
            assert dict(by_id.values) == {1: [1]}
            assert dict(by_type.values) == {2: [2, 3]}
            assert dict(by_measurement.values) == {2: [3]}
            (event,) = by_id.events
            assert (event.source.name, event.source.device_type) == ("device 1 é", "probe")


async def test_all_types_arrive_unchanged(processes: Opening) -> None:
    # fmt: off
    kept = batch(
        7, [3, 1, 2],
        column("double", DOUBLE, [0.1, None, -0.0]), column("float", FLOAT, [0.1, 2.5, None]),
        column("long", INT64, [2**63 - 1, -(2**63), None]), column("int", INT32, [1, 2, 3]),
        column("bool", BOOLEAN, [True, None, False]), column("text", TEXT, ["", "größer", None]),
    )
    # fmt: on
    device = stored(7, []).device
    async with processes() as sites:
        with sites[-1].receiving() as receiver:
            await sites[0].store(Stored(device, kept))
            await receiver.until(lambda receiver: receiver.events)
    (received,) = (event.batch for event in receiver.events)
    assert _plain(received) == _plain(kept)


def _plain(of: Batch) -> object:
    return of.device_id, of.times.tolist(), [(one.measurement, one.type, cells(one)) for one in of.columns]


async def test_large_batches_arrive_in_pieces_that_fit(processes: Opening) -> None:
    rows = 50_000
    columns = tuple(Column(f"m{number}", DOUBLE, np.arange(rows) + number / 10) for number in range(10))
    device = stored(1, []).device
    async with processes() as sites:
        with sites[-1].receiving() as receiver:
            await sites[0].store(Stored(device, Batch(1, np.arange(rows), columns)))
            await receiver.until(lambda receiver: len(receiver.values[1]) == rows)
        assert receiver.values[1] == list(range(rows))
        assert np.concatenate([event.batch.times for event in receiver.events]).tolist() == list(range(rows))
        assert max(len(event.batch.times) for event in receiver.events) <= 1_000


async def test_a_slow_subscriber_learns_of_its_losses_and_delays_no_other(processes: Opening) -> None:
    async with processes(queue_bytes=20_000) as sites:
        with sites[-1].receiving() as slow, sites[-1].receiving() as quick:
            for number in range(100):
                await sites[0].store(stored(number, range(1_000)))
                await quick.until(lambda receiver: sum(map(len, receiver.values.values())) == 1_000 * (number + 1))  # noqa: B023 - awaited
            slow.receive()
        assert slow.dropped > 0
        assert sum(map(len, slow.values.values())) + slow.dropped == 100_000
        assert quick.dropped == 0


async def test_a_new_subscriber_receives_no_older_readings(processes: Opening) -> None:
    async with processes() as sites:
        with sites[0].receiving() as earlier:
            for number in range(20):
                await sites[0].store(stored(1, [number]))
            await earlier.until(lambda receiver: len(receiver.values[1]) == 20)
            with sites[0].receiving() as later:
                await sites[0].store(stored(1, [99]))
                await later.until(lambda receiver: receiver.values[1])
        assert later.values[1] == [99]


async def test_the_state_is_reported(processes: Opening) -> None:
    async with processes() as sites:
        for site in sites:
            assert await site.bus.check() == ""
            state = site.bus.state
            assert (state.degraded, state.message, state.backlog_bytes, state.dropped) == (False, "", 0, 0)
            with site.receiving() as receiver:
                site.feed.set_state(FeedState(True, "for a while"))
                with site.receiving() as late:
                    late.receive()
                site.feed.set_state(FeedState())
                receiver.receive()
            # Only the current state is reported.
            assert (late.states, receiver.states) == ([True], [False])


async def test_publishing_nothing(processes: Opening) -> None:
    async with processes() as sites:
        await sites[0].store()
        with sites[-1].receiving() as receiver:
            await sites[0].store(stored(1, [1]))
            await receiver.until(lambda receiver: receiver.values)
