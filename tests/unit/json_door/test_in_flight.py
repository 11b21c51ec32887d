"""The bound of bytes: given out in order, also when waiting requests are given up."""

import asyncio

import pytest

from iotflow_gateway.json_door.in_flight import ByteBudget, InFlight
from iotflow_gateway.json_door.limits import MOST_BYTES_IN_FLIGHT, MOST_BYTES_OF_ALL, MOST_IN_FLIGHT

pytestmark = pytest.mark.anyio
TURNS = 5


async def turns() -> None:
    """Let all tasks run until they wait."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


async def test_requests_wait_in_their_order() -> None:
    budget, granted = ByteBudget(10), list[str]()

    async def acquire(name: str, size: int) -> None:
        await budget.acquire(size)
        granted.append(name)

    tasks = [asyncio.create_task(acquire(*each)) for each in (("a", 6), ("b", 6), ("c", 1), ("large", 50), ("d", 1))]
    await turns()
    # The third has room, but is not served before the second.
    assert granted == ["a"]
    budget.release(6)
    await turns()
    assert granted == ["a", "b", "c"]
    budget.release(6)
    await turns()
    assert granted == ["a", "b", "c"]
    budget.release(1)
    await turns()
    assert granted == ["a", "b", "c", "large"]
    budget.release(50)
    await asyncio.gather(*tasks)
    assert granted[-1] == "d"


async def test_a_cancelled_request_takes_nothing() -> None:
    budget = ByteBudget(10)
    await budget.acquire(10)
    waiting = [asyncio.create_task(budget.acquire(10)) for _ in range(3)]
    await turns()
    waiting[0].cancel()
    await turns()
    budget.release(10)
    # Its turn has come, but it has not run.
    waiting[1].cancel()
    await turns()
    assert [task.cancelled() for task in waiting] == [True, True, False]
    assert waiting[2].done()


@pytest.mark.parametrize(
    ("size", "count"), [(1, MOST_IN_FLIGHT), (2**20, MOST_BYTES_IN_FLIGHT // 2**20), (MOST_BYTES_IN_FLIGHT + 1, 1)]
)
async def test_the_bounds_of_a_connection(size: int, count: int) -> None:
    in_flight, taken = InFlight(ByteBudget(MOST_BYTES_OF_ALL)), list[int]()

    async def read() -> None:
        while True:
            await in_flight.acquire(size)
            taken.append(size)

    reading = asyncio.create_task(read())
    await turns()
    # Each acquisition that does not wait is made in one turn.
    assert len(taken) == count
    in_flight.release(size)
    await turns()
    assert len(taken) == count + 1
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)


async def test_the_bound_of_all_connections() -> None:
    of_all = ByteBudget(MOST_BYTES_OF_ALL)
    connections = [InFlight(of_all) for _ in range(MOST_BYTES_OF_ALL // MOST_BYTES_IN_FLIGHT + 1)]
    tasks = [asyncio.create_task(one.acquire(MOST_BYTES_IN_FLIGHT)) for one in connections]
    await turns()
    assert [task.done() for task in tasks] == [True] * (len(tasks) - 1) + [False]
    connections[0].release(MOST_BYTES_IN_FLIGHT)
    await asyncio.gather(*tasks)
