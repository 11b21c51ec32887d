"""The packets of one connection to the broker: all packets of a read are parsed in one pass, and what is written in one turn of the
event loop leaves in one write."""

import asyncio
from collections.abc import Callable
from typing import cast

from iotflow_gateway.mqtt import Packet, PacketParser, PacketType, Pingreq, Version
from iotflow_gateway.mqtt.data_types import LARGEST_VARINT
from iotflow_gateway.mqtt.publish import decode_any_publish

KEEPALIVE_SECONDS = 30
# Bytes that are read at a time. Their messages are processed within a few milliseconds, in which the event loop does nothing else.
READ_BYTES = 2**16
# The size of the body that a packet of the broker may have. The adapter rejects large messages itself, on their error topic.
_LARGEST = {
    PacketType.CONNACK: 2**16,
    PacketType.PUBLISH: LARGEST_VARINT,
    PacketType.PUBACK: 2**16,
    PacketType.SUBACK: 2**18,
    PacketType.UNSUBACK: 2**18,
    PacketType.PINGRESP: 0,
    PacketType.DISCONNECT: 2**16,
}


class PacketStream(asyncio.BufferedProtocol):
    """on_packets: called with the packets of each read. on_end: called once with the cause when the connection has ended."""

    def __init__(
        self, version: Version, on_packets: Callable[[list[Packet]], None], on_end: Callable[[str], None]
    ) -> None:
        self._version = version
        self._on_packets = on_packets
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._parser = PacketParser(_LARGEST, version, decode_message=decode_any_publish)
        self._buffer = memoryview(bytearray(READ_BYTES))
        self._transport: asyncio.Transport | None = None
        self._out: list[bytes] = []
        self._is_ended = False
        self.is_paused = False
        # Times of the event loop.
        self._read_at = self._written_at = self._loop.time()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self._read_at = self._loop.time()
        packets = self._parser.feed(bytes(self._buffer[:nbytes]))
        if packets and not self._is_ended:
            self._on_packets(packets)
        if self._parser.error:
            self.close(f"the broker violates the protocol: {self._parser.error}")

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(str(exc) if exc else "the broker closed the connection without a reason")

    @property
    def silence(self) -> float:
        """Seconds for which the broker has sent nothing, while the adapter reads."""
        if self.is_paused:
            self._read_at = self._loop.time()
        return self._loop.time() - self._read_at

    def write(self, packet: bytes) -> None:
        """Send a packet, together with all others of this turn of the event loop."""
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(packet)

    def keep_alive(self) -> None:
        """Send a ping if one is due, and close a connection without an answer to it; called about every second."""
        silence, now = self.silence, self._loop.time()
        if silence >= 2 * KEEPALIVE_SECONDS:
            self.close(f"the broker has sent nothing for {silence:.0f} seconds")
        elif silence >= KEEPALIVE_SECONDS or now - self._written_at >= KEEPALIVE_SECONDS:
            self.write(Pingreq().encode(self._version))

    def pause(self) -> None:
        """Read nothing until resume() is called."""
        if self._transport and not self.is_paused:
            self.is_paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read again."""
        if self._transport and self.is_paused:
            self._read_at = self._loop.time()
            self.is_paused = False
            self._transport.resume_reading()

    def close(self, problem: str) -> None:
        """Send what is written, and close the connection. problem: the cause, for on_end."""
        self._flush()
        self._end(problem)
        if self._transport:
            self._transport.close()

    def abort(self) -> None:
        """Close the connection at once."""
        if self._transport:
            self._transport.abort()

    def _flush(self) -> None:
        if self._out and self._transport and not self._transport.is_closing():
            self._written_at = self._loop.time()
            self._transport.write(b"".join(self._out))
        self._out.clear()

    def _end(self, problem: str) -> None:
        if not self._is_ended:
            self._is_ended = True
            self._on_end(problem)
