"""Large packets share their room, and give it back however their reading ends."""

import asyncio

import pytest

from iotflow_gateway.embedded.packets import PacketReader, ReadBudget

LARGE = 100_000
# A PUBLISH of so many bytes, none of which come.
HEADER = bytes([0x30, 0xA0, 0x8D, 0x06])


def _opened() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


async def _reading(room: ReadBudget) -> "asyncio.Task[object]":
    stream = asyncio.StreamReader()
    stream.feed_data(HEADER)
    task = asyncio.create_task(PacketReader(stream, room).next(None))
    await asyncio.sleep(0)
    return task


async def _cut_off(room: ReadBudget) -> None:
    reading = [await _reading(room) for _ in range(3)]
    for task in reading:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


def test_what_a_cut_off_client_had_is_there_for_others() -> None:
    async def run() -> None:
        room = ReadBudget(LARGE, _opened())
        await _cut_off(room)
        async with asyncio.timeout(10):
            await room.acquire(LARGE)

    asyncio.run(run())


def test_who_waits_for_room_gets_it() -> None:
    async def run() -> None:
        room = ReadBudget(LARGE, _opened())
        await room.acquire(LARGE)
        waiting = [asyncio.create_task(room.acquire(LARGE // 2)) for _ in range(2)]
        await asyncio.sleep(0)
        assert not any(task.done() for task in waiting)
        room.release(LARGE)
        async with asyncio.timeout(10):
            await asyncio.gather(*waiting)

    asyncio.run(run())


def test_nothing_large_is_read_while_no_message_may_come() -> None:
    """Its header may have come before."""

    async def run() -> None:
        may_come = asyncio.Event()
        stream = asyncio.StreamReader()
        stream.feed_data(HEADER + bytes(LARGE))
        reading = asyncio.create_task(PacketReader(stream, ReadBudget(LARGE, may_come)).next(None))
        for _ in range(10):
            await asyncio.sleep(0)
        assert not reading.done()
        may_come.set()
        async with asyncio.timeout(10):
            packet = await reading
        assert packet
        assert len(packet.body) == LARGE

    asyncio.run(run())
