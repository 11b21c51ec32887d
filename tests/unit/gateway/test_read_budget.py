"""Large packets share a budget, and release their part of it however their reading ends."""

import asyncio

import pytest

from iotflow_gateway.embedded.packets import PacketReader, ReadBudget

LARGE = 100_000
# The header of a PUBLISH of this size, without its body.
HEADER = bytes([0x30, 0xA0, 0x8D, 0x06])


def _set_event() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


async def _reading(budget: ReadBudget) -> "asyncio.Task[object]":
    stream = asyncio.StreamReader()
    stream.feed_data(HEADER)
    task = asyncio.create_task(PacketReader(stream, budget).next(None))
    await asyncio.sleep(0)
    return task


async def _disconnect(budget: ReadBudget) -> None:
    reading = [await _reading(budget) for _ in range(3)]
    for task in reading:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_a_disconnected_client_releases_its_part() -> None:
    budget = ReadBudget(LARGE, _set_event())
    await _disconnect(budget)
    async with asyncio.timeout(10):
        await budget.acquire(LARGE)


async def test_waiting_clients_get_the_released_part() -> None:
    budget = ReadBudget(LARGE, _set_event())
    await budget.acquire(LARGE)
    waiting = [asyncio.create_task(budget.acquire(LARGE // 2)) for _ in range(2)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    budget.release(LARGE)
    async with asyncio.timeout(10):
        await asyncio.gather(*waiting)


async def test_no_large_packet_is_read_while_messages_are_not_accepted() -> None:
    """Its header may have arrived before."""

    may_read = asyncio.Event()
    stream = asyncio.StreamReader()
    stream.feed_data(HEADER + bytes(LARGE))
    reading = asyncio.create_task(PacketReader(stream, ReadBudget(LARGE, may_read)).next(None))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not reading.done()
    may_read.set()
    async with asyncio.timeout(10):
        packet = await reading
    assert packet
    assert len(packet.body) == LARGE
