"""What the acknowledgement of a broker means for a reading of a simulated device."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from unittest.mock import create_autospec

import pytest

from iotflow_simulators.doors import mqtt_packets as mqtt
from iotflow_simulators.doors.door_address import DoorAddress
from iotflow_simulators.doors.key_calls import KeyCalls
from iotflow_simulators.doors.link import Login, Outgoing, Problem
from iotflow_simulators.doors.mqtt import MqttDoor
from iotflow_simulators.doors.mqtt_packets import Packet, PacketReader

PATIENCE = 15.0
CONNECT, SUBSCRIBE = 1, 8
ACCEPTED, SUBSCRIBED = b"\x20\x03\x00\x00\x00", b"\x90\x04\x00\x01\x00\x01"


class Device:
    """Sends a reading once its link is open. fates: what became of it."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.fates: asyncio.Queue[tuple[int, str]] = asyncio.Queue()

    def opened(self) -> None:
        self.open.set()

    def acknowledged(self, outgoing: Outgoing) -> None:
        self.fates.put_nowait((outgoing.number, "acknowledged"))

    def refused(self, outgoing: Outgoing, reason: str, _measurement: str, _message: str) -> None:
        self.fates.put_nowait((outgoing.number, reason))

    def refused_number(self, number: int, reason: str, _measurement: str, _message: str) -> None:
        self.fates.put_nowait((number, reason))

    def lost(self, problem: Problem) -> None:
        raise AssertionError(problem)

    def command(self, number: int, name: str, parameters: Mapping[str, Any]) -> None:
        raise AssertionError((number, name, parameters))

    def configured(self, desired: Mapping[str, Any]) -> None:
        raise AssertionError(desired)


def answer(packet: Packet, code: int) -> bytes:
    """The answer of a broker of MQTT 5 that acknowledges each message with this reason code."""
    if packet.type == CONNECT:
        return ACCEPTED
    if packet.type == SUBSCRIBE:
        return SUBSCRIBED
    if packet.type == mqtt.PUBLISH:
        return b"\x40\x04" + mqtt.received(mqtt.V5, packet).packet_id.to_bytes(2, "big") + bytes([code, 0])
    return b""


@asynccontextmanager
async def broker(code: int) -> AsyncIterator[int]:
    """Such a broker; its port. The block ends with the connection of its client."""
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        packets = PacketReader()
        while data := await reader.read(2**16):
            writer.writelines(answer(packet, code) for packet in packets.feed(data))
        writer.close()
        await writer.wait_closed()
        ended.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        await ended.wait()


@pytest.mark.parametrize(
    ("code", "fate"),
    [
        (0x00, "acknowledged"),
        # No subscriber.
        (0x10, "acknowledged"),
        (0x7F, "acknowledged"),
        (0x80, "MQTT_0x80"),
        (0x87, "MQTT_0x87"),
    ],
)
async def test_a_reason_code_of_0x80_or_above_is_a_refusal(code: int, fate: str) -> None:
    async with asyncio.timeout(PATIENCE), broker(code) as port:
        device = Device()
        # This device keeps its key.
        keys = create_autospec(KeyCalls, instance=True)
        link = MqttDoor(DoorAddress("127.0.0.1", port), mqtt.V5, "iotflow", keys).link(Login(7, "pump", "key"), device)
        link.open()
        await device.open.wait()
        link.send([Outgoing(number, 0.0, 1_700_000_000_000, {}, b'{"t":1}') for number in (1, 2)])
        assert [await device.fates.get() for _ in range(2)] == [(1, fate), (2, fate)]
        link.close(clean=True)
