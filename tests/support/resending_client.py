"""A device that publishes with QoS 1 and 2 in one session, and sends again what was not acknowledged when its connection broke."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from iotflow_gateway.mqtt import (
    Connack,
    Connect,
    Packet,
    PacketParser,
    PacketType,
    Properties,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Version,
)

RETRY_SECONDS, ANSWER_SECONDS = 0.1, 10.0
LARGEST = dict.fromkeys(PacketType, 1 << 20)
LARGEST_PACKET_ID = 65_535
KEPT_SECONDS = 3_600


@dataclass(slots=True)
class _Sent:
    """A message without its acknowledgement. is_received: the endpoint has it, and its identifier waits for PUBCOMP."""

    publish: Publish
    is_received: bool = False


class ResendingClient:
    """ports: of endpoints; each connection is to the next one. login: user name and password. window: messages without an
    acknowledgement. on_acknowledged: called after each one."""

    def __init__(
        self,
        ports: Sequence[int],
        login: tuple[str, str],
        version: Version = Version.V3_1_1,
        window: int = 20,
        on_acknowledged: Callable[[], None] = lambda: None,
    ) -> None:
        self.acknowledged = 0
        # Messages that were sent again, and connections after which the endpoint did not know the session.
        self.resent = self.forgotten = 0
        self._ports = ports
        self._login = login
        self._version = version
        self._window = window
        self._on_acknowledged = on_acknowledged
        self._sent: dict[int, _Sent] = {}
        self._connections = self._last_id = 0
        self._changed = asyncio.Event()

    async def publish_all(self, topic: str, payloads: Sequence[bytes]) -> None:
        """Publish until all payloads are acknowledged, with QoS 1 and 2 in turn."""
        waiting = list(enumerate(payloads))[::-1]
        while waiting or self._sent:
            with contextlib.suppress(OSError, TimeoutError, EOFError):
                await self._connect_and_publish(topic, waiting)
            # Interval between attempts, because a refused connection fails at once.
            await asyncio.sleep(RETRY_SECONDS)

    async def _connect_and_publish(self, topic: str, waiting: list[tuple[int, bytes]]) -> None:
        port = self._ports[self._connections % len(self._ports)]
        self._connections += 1
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        reading: asyncio.Task[None] | None = None
        try:
            parser = PacketParser(LARGEST, self._version)
            await self._log_in(reader, writer, parser)
            reading = asyncio.create_task(self._read(reader, writer, parser))
            self._send_again(writer)
            await self._publish(topic, waiting, writer, reading)
        finally:
            if reading:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _log_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, parser: PacketParser) -> None:
        username, password = self._login
        properties: Properties = {"session_expiry": KEPT_SECONDS} if self._version is Version.V5 else {}
        connect = Connect("resending", self._version, False, 60, username, password.encode(), properties=properties)
        writer.write(connect.encode(self._version))
        async with asyncio.timeout(ANSWER_SECONDS):
            while not (packets := parser.feed(await _some(reader))):
                pass
        (answer,) = packets
        assert isinstance(answer, Connack)
        if answer.code:
            raise EOFError(answer.code)
        self.forgotten += bool(self._sent) and not answer.session_present

    def _send_again(self, writer: asyncio.StreamWriter) -> None:
        """In the order of the first sending (4.4)."""
        for sent in self._sent.values():
            if sent.is_received:
                writer.write(Pubrel(sent.publish.packet_id).encode(self._version))
            else:
                self.resent += 1
                sent.publish.is_dup = True
                writer.write(sent.publish.encode(self._version))

    async def _publish(
        self, topic: str, waiting: list[tuple[int, bytes]], writer: asyncio.StreamWriter, reading: "asyncio.Task[None]"
    ) -> None:
        while not reading.done() and (waiting or self._sent):
            while waiting and len(self._sent) < self._window:
                number, payload = waiting.pop()
                publish = Publish(topic, payload, 1 + number % 2, self._next_id())
                self._sent[publish.packet_id] = _Sent(publish)
                writer.write(publish.encode(self._version))
            await writer.drain()
            self._changed.clear()
            changed = asyncio.create_task(self._changed.wait())
            await asyncio.wait({changed, reading}, return_when=asyncio.FIRST_COMPLETED)
            changed.cancel()

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, parser: PacketParser) -> None:
        while True:
            for packet in parser.feed(await _some(reader)):
                self._process(packet, writer)
            assert parser.error is None
            self._changed.set()

    def _process(self, packet: Packet, writer: asyncio.StreamWriter) -> None:
        if isinstance(packet, Pubrec):
            self._sent[packet.packet_id].is_received = True
            writer.write(Pubrel(packet.packet_id).encode(self._version))
        elif isinstance(packet, Puback | Pubcomp):
            del self._sent[packet.packet_id]
            self.acknowledged += 1
            self._on_acknowledged()

    def _next_id(self) -> int:
        while True:
            self._last_id = self._last_id % LARGEST_PACKET_ID + 1
            if self._last_id not in self._sent:
                return self._last_id


async def _some(reader: asyncio.StreamReader) -> bytes:
    data = await reader.read(2**16)
    if not data:
        raise EOFError
    return data
