"""Packets of MQTT from clients: sizes exactly at their limits, and packets that violate the protocol."""

import asyncio

import pytest

from iotflow_gateway.embedded import packets
from iotflow_gateway.embedded.packets import (
    LARGEST_CONNECT,
    LARGEST_PUBLISH,
    LARGEST_SUBSCRIBE,
    SMALL,
    MalformedPacket,
    Packet,
    PacketReader,
    ReadBudget,
    Type,
)
from tests.support.raw_mqtt import size

PATIENCE = 10.0


def budget(size_: int = LARGEST_PUBLISH) -> ReadBudget:
    may_read = asyncio.Event()
    may_read.set()
    return ReadBudget(size_, may_read)


def reader(data: bytes, *, is_open: bool = False) -> PacketReader:
    stream = asyncio.StreamReader()
    stream.feed_data(data)
    if not is_open:
        stream.feed_eof()
    return PacketReader(stream, budget())


async def read(data: bytes) -> Packet | None:
    async with asyncio.timeout(PATIENCE):
        return await reader(data).next(None)


async def test_a_packet_has_its_type_flags_header_and_body() -> None:
    assert await read(b"\x3d\x03abcd") == Packet(Type.PUBLISH, 0x0D, b"\x3d\x03", b"abc")
    assert await read(b"\xc0\0") == Packet(Type.PINGREQ, 0, b"\xc0\0", b"")
    assert await read(b"\x62\x02\0\x01") == Packet(Type.PUBREL, 2, b"\x62\x02", b"\0\x01")


@pytest.mark.parametrize(
    ("first", "largest"),
    [
        (0x10, LARGEST_CONNECT),
        (0x30, LARGEST_PUBLISH),
        (0x40, 2),
        (0x50, 2),
        (0x62, 2),
        (0x70, 2),
        (0x82, LARGEST_SUBSCRIBE),
        (0xA2, LARGEST_SUBSCRIBE),
        (0xC0, 0),
        (0xE0, 0),
    ],
)
async def test_a_packet_is_read_up_to_the_largest_size_of_its_type(first: int, largest: int) -> None:
    packet = await read(bytes([first]) + size(largest) + bytes(largest))
    assert packet
    assert len(packet.body) == largest
    # The header is enough for the rejection.
    with pytest.raises(MalformedPacket, match=f"{packet.type.name} of {largest + 1} bytes: the limit is {largest}"):
        await read(bytes([first]) + size(largest + 1))


@pytest.mark.parametrize(
    ("header", "length"), [(b"\x30\x7f", 127), (b"\x30\x80\x01", 128), (b"\x30\x80\x80\x01", 2**14)]
)
async def test_a_size_has_as_many_bytes_as_it_takes(header: bytes, length: int) -> None:
    packet = await read(header + bytes(length))
    assert packet
    assert (packet.header, len(packet.body)) == (header, length)


async def test_a_size_of_four_bytes_is_read_and_one_of_five_is_malformed() -> None:
    packet = await read(b"\x30\x81\x80\x80\x00" + b"x")
    assert packet
    assert packet.body == b"x"
    with pytest.raises(MalformedPacket, match="more than 4 bytes"):
        await read(b"\x30\x80\x80\x80\x80\x01")


@pytest.mark.parametrize("first", [0x00, 0x20, 0x90, 0xB0, 0xD0, 0xF0])
async def test_a_type_that_no_client_sends_is_malformed(first: int) -> None:
    with pytest.raises(MalformedPacket, match=f"type {first >> 4}"):
        await read(bytes([first, 0]))


@pytest.mark.parametrize("first", [0x11, 0x42, 0x52, 0x60, 0x63, 0x72, 0x80, 0x8A, 0xA0, 0xC1, 0xE8])
async def test_reserved_flags_are_malformed(first: int) -> None:
    with pytest.raises(MalformedPacket, match="reserved flags"):
        await read(bytes([first, 0]))


@pytest.mark.parametrize(
    "data", [b"", b"\x30", b"\x30\x80", b"\x30\x02", b"\x30\x02a", b"\x30" + size(SMALL + 1) + b"a"]
)
async def test_a_connection_that_closes_within_a_packet_has_ended(data: bytes) -> None:
    packets_ = reader(data)
    assert await packets_.next(None) is None
    assert packets_.has_begun is bool(data)


@pytest.mark.parametrize("data", [b"\x30", b"\x30\x80", b"\x30\x02", b"\x30\x02a", b"\x30" + size(SMALL + 1) + b"a"])
async def test_a_packet_that_does_not_arrive_in_time_is_an_error(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(packets, "PACKET_SECONDS", 0.001)
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(TimeoutError):
            await reader(data, is_open=True).next(None)


async def test_a_client_may_be_silent_only_for_the_given_time() -> None:
    silent = reader(b"", is_open=True)
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(TimeoutError):
            await silent.next(0.001)
    assert not silent.has_begun


@pytest.mark.parametrize(("length", "waits"), [(SMALL, False), (SMALL + 1, True)])
async def test_only_a_large_packet_waits_for_room(length: int, waits: bool) -> None:
    shared = budget()
    await shared.acquire(LARGEST_PUBLISH)
    stream = asyncio.StreamReader()
    stream.feed_data(b"\x30" + size(length) + bytes(length))
    reading = asyncio.create_task(PacketReader(stream, shared).next(None))
    for _ in range(10):
        await asyncio.sleep(0)
    assert reading.done() is not waits
    shared.release(LARGEST_PUBLISH)
    async with asyncio.timeout(PATIENCE):
        packet = await reading
        # The packet has released its part.
        await shared.acquire(LARGEST_PUBLISH)
    assert packet
    assert len(packet.body) == length
