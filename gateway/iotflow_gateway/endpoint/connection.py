"""One TCP connection: all packets of a read are parsed in one pass, and what is written in one turn leaves in one write."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import cast

import structlog

from iotflow.client_addresses import network
from iotflow_gateway.endpoint.client_certificates import ClientCertificate, client_certificate
from iotflow_gateway.endpoint.connections import Connections
from iotflow_gateway.endpoint.limits import (
    CLOSE_SECONDS,
    CONNECT_SECONDS,
    HIGH_WATER,
    KEEPALIVES,
    LARGEST,
    MOST_AT_ONCE,
    SEND_SECONDS,
    SMALL,
)
from iotflow_gateway.endpoint.reading import Hold, Reading
from iotflow_gateway.endpoint.times import PacketTime, SendTime
from iotflow_gateway.endpoint.transports.send_queue import is_acknowledged
from iotflow_gateway.endpoint.transports.tls import CLIENT_CERTIFICATE
from iotflow_gateway.mqtt import (
    NO_PROPERTIES,
    Connack,
    Disconnect,
    MalformedPacket,
    Packet,
    PacketParser,
    Properties,
    ReasonCode,
    Version,
)

log = structlog.get_logger(__name__)


class Connection(asyncio.BufferedProtocol):
    """on_packet: called with each packet. on_end: called once, when the connection has ended, for whatever cause."""

    def __init__(self, connections: Connections, on_packet: Callable[["Connection", Packet], None]) -> None:
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self.on_packet = on_packet
        self.on_end: Callable[[], None] | None = None
        self.parser = PacketParser(LARGEST)
        self._packets: deque[Packet] = deque()
        self._reading = Reading(self._resumed)
        self._transport: asyncio.Transport | None = None
        self._out: list[bytes] = []
        self.is_closed = False
        self.keep_alive = 0
        self.is_admitted = False
        self.username = ""
        # The network of the client, which shares its bounds.
        self.address = ""
        # Whether a client without a login is rejected in any case.
        self.must_log_in = False
        self._opened_at = self._read_at = self._loop.time()
        self._packet_time, self._send_time = PacketTime(), SendTime()
        # The size of the large packet that is read, or waits for memory; 0: there is none.
        self._large = 0

    @property
    def version(self) -> Version:
        """The version of the protocol, once CONNECT has arrived."""
        return self.parser.version or Version.V3_1_1

    @property
    def has_delivered(self) -> bool:
        """Whether the system at the other end of the connection has all that was written."""
        transport = self._transport
        if self._out or transport is None or transport.is_closing() or transport.get_write_buffer_size():
            return False
        return is_acknowledged(transport.get_extra_info("socket"))

    @property
    def has_begun(self) -> bool:
        """Whether any byte has arrived."""
        return self._read_at != self._opened_at

    @property
    def certificate(self) -> ClientCertificate | None:
        """The verified certificate of the client, if it has shown one."""
        found = self._transport.get_extra_info(CLIENT_CERTIFICATE) if self._transport else None
        return client_certificate(found) if found else None

    @property
    def is_writable(self) -> bool:
        """Whether the client reads what is written to it."""
        return not (self.is_closed or self._reading.is_held_for(Hold.UNREAD))

    def admit(self) -> None:
        """Record that the client has logged in."""
        self.is_admitted = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=HIGH_WATER)
        self._reading.start(self._transport)
        self.address = network(str(transport.get_extra_info("peername", ("",))[0]))
        if not self._connections.add(self):
            self.abort()

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002
        """Memory shared by all connections: it is read from before the next connection writes to it."""
        return self._connections.buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.receive(bytes(self._connections.buffer[:nbytes]))

    def receive(self, data: bytes) -> None:
        """Process what has arrived."""
        if self.is_closed:
            return
        self._read_at = self._loop.time()
        packets = self.parser.feed(data)
        self._packets.extend(packets)
        self._packet_time.record(self.parser, self._read_at, is_new=bool(packets))
        self._reserve_memory()
        self._process()

    def move(self, address: str) -> None:
        """Count the connection by the address that a proxy states."""
        self._connections.remove(self)
        self.address = address
        if not self._connections.add(self):
            self.abort()

    def postpone(self, seconds: float) -> None:
        """Give the client more time for its CONNECT."""
        self._opened_at += seconds

    def reject(self, problem: str) -> None:
        """End a connection that violates the protocol of a layer below."""
        self._read_at = self._loop.time()
        self.close(problem)

    def pause_writing(self) -> None:
        self.hold(Hold.UNREAD)

    def resume_writing(self) -> None:
        self.release(Hold.UNREAD)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        if not self.is_closed:
            self._end("")

    def hold(self, cause: Hold) -> None:
        """Read and process nothing until the cause is released."""
        self._reading.hold(cause)

    def release(self, cause: Hold) -> None:
        """End a hold, after this turn of the event loop."""
        self._reading.release_soon(cause)

    def resume(self) -> None:
        """End the hold of the window of all connections at once."""
        self._reading.release(Hold.WINDOW)

    def _resumed(self) -> None:
        self._read_at = self._loop.time()
        self._packet_time.restart(self._read_at)
        self._reserve_memory()
        self._process()

    def write(self, packet: bytes) -> None:
        """Send a packet, together with all others of this turn of the event loop."""
        if self.is_closed:
            return
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(packet)

    def close(
        self, problem: str, code: ReasonCode = ReasonCode.SUCCESS, properties: Properties = NO_PROPERTIES
    ) -> None:
        """End the connection. problem: for the log, and for a client of MQTT 5; empty: none. code, properties: for a client of
        MQTT 5."""
        if self.is_closed:
            return
        if code and self.is_admitted and self.version is Version.V5:
            reason: Properties = {"reason_string": problem[:500]} if problem else {}
            self.write(Disconnect(code, {**reason, **properties}).encode(self.version))
        self._flush()
        self._end(problem)
        if self._transport and not self._transport.is_closing():
            self._linger(self._transport)

    def _linger(self, transport: asyncio.Transport) -> None:
        """Close once the client has read the last packets: bytes of the client that are not read would reset the connection."""
        try:
            transport.write_eof()
        except OSError:
            # The client has reset the connection, which the event loop has not noticed yet.
            transport.abort()
            return
        transport.resume_reading()
        self._loop.call_later(CLOSE_SECONDS, transport.abort)

    def abort(self) -> None:
        """End the connection at once, without what is not yet written."""
        if self._transport:
            self._transport.abort()
        if not self.is_closed:
            self._end("")

    def check(self, now: float) -> None:
        """Close the connection if one of its times has passed. now: of the event loop."""
        if not self.is_admitted and not self._reading.is_held and now - self._opened_at > CONNECT_SECONDS:
            self.close("no CONNECT in time")
        elif self._send_time.is_over(self._transport.get_write_buffer_size() if self._transport else 0, now):
            self.close(f"the client has read nothing for {SEND_SECONDS:.0f} seconds")
            self.abort()
        elif self._reading.is_held:
            return
        elif self._packet_time.is_over(now):
            self.close("a packet did not arrive in time", ReasonCode.PROTOCOL_ERROR)
        elif self.keep_alive and now - self._read_at > KEEPALIVES * self.keep_alive:
            self.close("no packet in time", ReasonCode.KEEP_ALIVE_TIMEOUT)

    def _process(self) -> None:
        left = MOST_AT_ONCE
        while self._packets and not self._reading.is_held and not self.is_closed:
            if self._connections.is_full:
                self._wait_for_room()
                return
            if not left:
                self.hold(Hold.OTHERS)
                self.release(Hold.OTHERS)
                return
            left -= 1
            try:
                self.on_packet(self, self._packets.popleft())
            except MalformedPacket as error:
                self.close(str(error), error.code)
        if self.parser.error and not self._packets and not self.is_closed:
            self._close_malformed(self.parser.error)

    def _wait_for_room(self) -> None:
        if not self._reading.is_held_for(Hold.WINDOW):
            self.hold(Hold.WINDOW)
            self._connections.wait_for_room(self)

    def _close_malformed(self, error: MalformedPacket) -> None:
        if error.code is ReasonCode.UNSUPPORTED_PROTOCOL_VERSION:
            # [MQTT-3.1.2-2] of MQTT 3.1.1
            self.write(Connack(error.code).encode(Version.V3_1_1))
        self.close(str(error), error.code)

    def _reserve_memory(self) -> None:
        """Read a large packet once there is memory for it."""
        size = self.parser.partial_size
        if self._large and size != self._large:
            self._connections.budget.release(self)
            self._large = 0
        if size <= SMALL or self._large:
            return
        if self._connections.is_full:
            self._wait_for_room()
            return
        self._large = size
        if not self._connections.budget.acquire(self, size, lambda: self.release(Hold.MEMORY)):
            self.hold(Hold.MEMORY)

    def _flush(self) -> None:
        if self._out and self._transport and not self._transport.is_closing():
            data = b"".join(self._out)
            self._send_time.written += len(data)
            self._transport.write(data)
        self._out.clear()

    def _end(self, problem: str) -> None:
        self.is_closed = True
        self._reading.stop()
        self._packets.clear()
        self._connections.budget.release(self)
        self._connections.remove(self)
        if not self.is_admitted:
            self._log_rejection(problem)
        elif problem:
            log.info("connection_closed", problem=problem, username=self.username)
        if self.on_end:
            self.on_end()

    def _log_rejection(self, problem: str) -> None:
        # A port probe closes its connection without a byte.
        write = log.info if self.has_begun else log.debug
        write(
            "client_rejected",
            address=self.address,
            problem=problem or "the client closed the connection before CONNECT",
        )
