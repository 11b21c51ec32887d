"""A device that connects to one endpoint after the other, while it publishes readings and receives commands."""

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import Callable, Sequence

from iotflow_gateway.mqtt import (
    Connack,
    Connect,
    Disconnect,
    Packet,
    PacketParser,
    PacketType,
    Puback,
    Publish,
    ReasonCode,
    Suback,
    Subscribe,
    Subscription,
    Version,
)
from tests.support.mqtt import Device

PATIENCE = 60.0
LARGEST = dict.fromkeys(PacketType, 1 << 20)
KEPT_SECONDS = 3_600
SUBSCRIBE_ID = 65_535


class MovingDevice:
    """ports: of the endpoints, in turn. A new connection takes the session over from the one before, which the device reads until
    its end."""

    def __init__(self, device: Device, ports: Sequence[int]) -> None:
        self._root = f"iotflow/devices/{device.id}"
        self._device = device
        self._ports = ports
        # The number of times that each command arrived, and the codes with which endpoints ended connections.
        self.commands: Counter[int] = Counter()
        self.ends: Counter[ReasonCode] = Counter()
        self.published = 0
        self._unacknowledged: dict[int, Publish] = {}
        self._last_id = 0
        self._has_subscribed = False
        self._changed = asyncio.Event()
        self._connections: list[asyncio.Task[None]] = []
        self._writers: list[asyncio.StreamWriter] = []

    async def move(self, times: int, readings: int) -> None:
        """Connect this number of times. readings: published after each connection."""
        for number in range(times):
            writer = await self._connect(self._ports[number % len(self._ports)], subscribes=not number)
            for publish in self._unacknowledged.values():
                publish.is_dup = True
                writer.write(publish.encode(Version.V5))
            for _ in range(readings):
                writer.write(self._reading().encode(Version.V5))
            await writer.drain()
        await self.wait(lambda: not self._unacknowledged)

    async def wait(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds, which is checked with every packet."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def close(self) -> None:
        """End all connections."""
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        for writer in self._writers:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _connect(self, port: int, *, subscribes: bool) -> asyncio.StreamWriter:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        self._writers.append(writer)
        parser = PacketParser(LARGEST, Version.V5)
        login = (str(self._device.id), self._device.key.encode())
        connect = Connect("moving", Version.V5, False, 60, *login, properties={"session_expiry": KEPT_SECONDS})
        answer = await _ask(reader, writer, parser, connect)
        assert isinstance(answer, Connack)
        assert (answer.code, answer.session_present) == (ReasonCode.SUCCESS, not subscribes)
        self._connections.append(asyncio.create_task(self._read(reader, writer, parser)))
        if subscribes:
            wanted = Subscribe(SUBSCRIBE_ID, [Subscription(f"{self._root}/commands/#", 1)])
            writer.write(wanted.encode(Version.V5))
            # Commands may come before the answer.
            await self.wait(lambda: self._has_subscribed)
        return writer

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, parser: PacketParser) -> None:
        while data := await reader.read(2**16):
            for packet in parser.feed(data):
                self._process(packet, writer)
            self._changed.set()
        writer.close()

    def _process(self, packet: Packet, writer: asyncio.StreamWriter) -> None:
        match packet:
            case Puback():
                self._unacknowledged.pop(packet.packet_id, None)
            case Publish():
                self.commands[json.loads(packet.payload)["id"]] += 1
                writer.write(Puback(packet.packet_id).encode(Version.V5))
            case Suback():
                self._has_subscribed = True
            case Disconnect():
                self.ends[packet.code] += 1

    def _reading(self) -> Publish:
        self._last_id = self._last_id % (SUBSCRIBE_ID - 1) + 1
        payload = json.dumps({"n": self.published}).encode()
        publish = Publish(f"{self._root}/telemetry", payload, 1, self._last_id)
        self._unacknowledged[publish.packet_id] = publish
        self.published += 1
        return publish


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, parser: PacketParser, packet: Connect
) -> Packet:
    writer.write(packet.encode(Version.V5))
    async with asyncio.timeout(PATIENCE):
        while not (packets := parser.feed(await reader.read(2**16))):
            pass
    return packets[0]
