"""The next item is fetched while one is processed, and no task is left running."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from iotflow_server.telemetry.export import prefetched


class Source:
    """Yields 0, 1, 2 …; waits before `blocked`, fails at `broken`."""

    def __init__(self, broken: int = -1, blocked: int = -1) -> None:
        self.fetched = 0
        self.closed = False
        self.waiting = asyncio.Event()
        self._broken = broken
        self._blocked = blocked

    async def items(self) -> AsyncGenerator[int]:
        try:
            for number in range(5):
                if number == self._broken:
                    raise OSError("gone")
                if number == self._blocked:
                    self.waiting.set()
                    await asyncio.Event().wait()
                self.fetched += 1
                yield number
        finally:
            self.closed = True


async def taken(source: Source) -> list[int]:
    return [item async for item in prefetched(source.items())]


async def test_all_items_are_yielded_in_order() -> None:
    source = Source()
    assert await taken(source) == [0, 1, 2, 3, 4]
    assert source.closed


async def test_one_item_is_fetched_in_advance() -> None:
    others, source = asyncio.all_tasks(), Source(blocked=2)
    items = prefetched(source.items())
    assert await anext(items) == 0
    assert await anext(items) == 1
    await source.waiting.wait()
    assert source.fetched == 2
    await items.aclose()
    assert source.closed
    assert asyncio.all_tasks() == others


async def test_an_error_is_raised_in_its_position() -> None:
    source = Source(broken=2)
    items = prefetched(source.items())
    assert [await anext(items), await anext(items)] == [0, 1]
    with pytest.raises(OSError, match="gone"):
        await anext(items)
    assert source.closed


async def test_a_cancelled_reader_leaves_no_task() -> None:
    others, source = asyncio.all_tasks(), Source(blocked=1)
    task = asyncio.create_task(taken(source))
    await source.waiting.wait()
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert source.closed
    assert asyncio.all_tasks() == others
