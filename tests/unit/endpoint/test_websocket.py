"""MQTT by WebSocket: its handshake, its frames, and who the client is."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import pytest
import structlog
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Event, Ping, Pong, Request, TextMessage

from iotflow.client_addresses import FORWARDED_HEADER, SECRET_HEADER
from iotflow_gateway.endpoint import Certificates, TlsFiles, client_addresses
from iotflow_gateway.endpoint import connection as connection_module
from iotflow_gateway.endpoint import endpoint as endpoint_module
from iotflow_gateway.mqtt import Connack, Packet, PacketParser, Puback, Publish, ReasonCode, Version, Will
from tests.support.certificates import authority, certificate
from tests.support.mqtt_endpoint import ADAPTER, ENVOY_SECRET, PATIENCE, RunningEndpoint, connect, running_endpoint
from tests.support.mqtt_packets import LARGEST

V5 = Version.V5


@dataclass
class WebSocket:
    """A client. packets, events: those that arrived and were not taken."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    protocol: WSConnection
    parser: PacketParser = field(default_factory=lambda: PacketParser(LARGEST, V5))
    packets: list[Packet] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def send(self, *events: Event) -> None:
        """Send events in one write."""
        self.writer.write(b"".join(map(self.protocol.send, events)))

    def send_packets(self, *packets: Packet, size: int = 2**20) -> None:
        """Send packets in frames of this size."""
        content = b"".join(packet.encode(V5) for packet in packets)
        self.send(*[BytesMessage(content[at : at + size]) for at in range(0, len(content), size)])

    async def event(self) -> Event:
        """The next event. Raises ConnectionError if the endpoint closes the connection."""
        async with asyncio.timeout(PATIENCE):
            while not self.events:
                data = await self.reader.read(2**16)
                if not data:
                    raise ConnectionError("the endpoint has closed the connection")
                self.protocol.receive_data(data)
                self.events += self.protocol.events()
        return self.events.pop(0)

    async def receive(self) -> Packet:
        """The next packet."""
        while not self.packets:
            event = await self.event()
            assert isinstance(event, BytesMessage), event
            self.packets += self.parser.feed(bytes(event.data))
        return self.packets.pop(0)

    async def admitted(self, login: tuple[str, str] | None = ADAPTER, will: Will | None = None) -> Connack:
        """The answer to CONNECT."""
        self.send_packets(connect(V5, login=login, will=will))
        answer = await self.receive()
        assert isinstance(answer, Connack)
        return answer


@asynccontextmanager
async def websocket(
    one: RunningEndpoint,
    tls: ssl.SSLContext | None = None,
    target: str = "/mqtt",
    headers: Mapping[str, str] = MappingProxyType({}),
) -> AsyncIterator[WebSocket]:
    """A client of the endpoint."""
    reader, writer = await asyncio.open_connection("127.0.0.1", one.websocket_port, ssl=tls)
    client = WebSocket(reader, writer, WSConnection(ConnectionType.CLIENT))
    more = [(name.encode(), value.encode()) for name, value in headers.items()]
    try:
        client.send(Request("localhost", target, subprotocols=["mqtt"], extra_headers=more))
        accepted = await client.event()
        assert isinstance(accepted, AcceptConnection)
        assert accepted.subprotocol == "mqtt"
        assert not accepted.extensions
        yield client
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@pytest.mark.parametrize("size", [1, 7, 2**20])
@pytest.mark.parametrize("target", ["/mqtt", "/", "/mqtt?x=1"])
async def test_packets_are_acknowledged_however_they_are_divided_into_frames(size: int, target: str) -> None:
    async with running_endpoint() as one, websocket(one, target=target) as client:
        assert not (await client.admitted()).code
        client.send_packets(Publish("t", b"x" * 100, 1, 1), Publish("t", b"y", 1, 2), size=size)
        await one.finish(2)
        assert [await client.receive() for _ in range(2)] == [Puback(1), Puback(2)]


async def test_a_large_message_in_one_frame() -> None:
    async with running_endpoint() as one, websocket(one) as client:
        await client.admitted()
        client.send_packets(Publish("t", b"x" * 1_000_000, 1, 1), size=2**21)
        message = await one.next()
        assert message.payload == b"x" * 1_000_000
        one.endpoint.finish(message)
        assert await client.receive() == Puback(1)


async def test_with_tls(tmp_path: Path) -> None:
    await asyncio.to_thread(authority, tmp_path, "ca")
    await asyncio.to_thread(certificate, tmp_path, "server", "127.0.0.1", "ca")
    certificates = Certificates(TlsFiles(tmp_path / "server.crt", tmp_path / "server.key"))
    tls = ssl.create_default_context(cafile=str(tmp_path / "ca.crt"))
    async with running_endpoint(certificates=certificates) as one, websocket(one, tls) as client:
        assert not (await client.admitted()).code
        client.send_packets(Publish("t", b"x" * 500_000, 1, 1))
        await one.finish()
        assert await client.receive() == Puback(1)


async def test_ping_is_answered() -> None:
    async with running_endpoint() as one, websocket(one) as client:
        client.send(Ping(b"still there?"))
        assert await client.event() == Pong(b"still there?")


START = "GET /mqtt HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n"
KEY = "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"


@pytest.mark.parametrize(
    ("request_text", "status"),
    [
        (f"{START}{KEY}\r\n", 400),
        (f"{START}{KEY}sec-websocket-protocol: chat\r\n\r\n", 400),
        (f"{START}sec-websocket-protocol: mqtt\r\n\r\n", 400),
        (f"{START}{KEY}sec-websocket-protocol: mqtt\r\n\r\n".replace("/mqtt", "/other", 1), 404),
        (f"{START}{KEY}sec-websocket-protocol: mqtt\r\n\r\n".replace("GET", "POST"), 400),
        (f"{START}{KEY}sec-websocket-protocol: mqtt\r\n\r\n".replace("13", "12"), 426),
        (f"{START}{KEY}sec-websocket-protocol: \udcff\r\n\r\n", 400),
        (f"{START}{KEY}sec-websocket-protocol: mqtt\r\nx: {'y' * 9_000}\r\n\r\n", 431),
        ("\x10\x10no request\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: x\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: \udcff\r\n\r\n", 400),
    ],
)
async def test_other_requests_are_refused(request_text: str, status: int) -> None:
    with structlog.testing.capture_logs() as lines:
        async with running_endpoint() as one:
            reader, writer = await asyncio.open_connection("127.0.0.1", one.websocket_port)
            writer.write(request_text.encode(errors="surrogateescape"))
            async with asyncio.timeout(PATIENCE):
                answer = await reader.read()
            writer.close()
            await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    (rejected,) = [line for line in lines if line["event"] == "client_rejected"]
    assert rejected["problem"].startswith("WebSocket: ")


async def test_a_request_that_goes_on_after_its_time_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "CONNECT_SECONDS", 0.05)
    monkeypatch.setattr(endpoint_module, "CHECK_SECONDS", 0.02)
    async with running_endpoint() as one:
        reader, writer = await asyncio.open_connection("127.0.0.1", one.websocket_port)
        writer.write(START.encode())
        async with asyncio.timeout(PATIENCE):
            assert not await reader.read()
        problems = list[object]()
        asyncio.get_running_loop().set_exception_handler(lambda _, context: problems.append(context))
        writer.write(f"{KEY}\r\n".encode())
        assert await one.is_quiet()
        assert not problems
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(
    "frames",
    [
        TextMessage("text"),
        # Reserved bits, a reserved opcode, a ping of 126 bytes, a continuation of nothing, and half of a close code.
        b"\xf2\x80\0\0\0\0",
        b"\x83\x80\0\0\0\0",
        b"\x89\xfe\x00\x7e\0\0\0\0" + bytes(126),
        b"\x80\x80\0\0\0\0",
        b"\x88\x81\0\0\0\0\x03",
    ],
)
async def test_a_violation_of_the_protocol_ends_the_connection_with_its_will(frames: Event | bytes) -> None:
    async with running_endpoint() as one, websocket(one) as client:
        await client.admitted(will=Will("t", b"gone"))
        client.writer.write(frames if isinstance(frames, bytes) else client.protocol.send(frames))
        assert (await one.next()).payload == b"gone"
        with pytest.raises(ConnectionError):
            while True:
                await client.event()


async def test_a_client_that_closes_is_answered_and_its_will_published() -> None:
    """Only a DISCONNECT of MQTT ends a connection without it."""
    async with running_endpoint() as one, websocket(one) as client:
        await client.admitted(will=Will("t", b"gone"))
        client.send(CloseConnection(1000))
        closed = await client.event()
        assert isinstance(closed, CloseConnection)
        assert closed.code == 1000
        assert (await one.next()).payload == b"gone"


async def test_the_endpoint_closes_with_a_close_frame() -> None:
    async with running_endpoint() as one, websocket(one) as client:
        assert (await client.admitted(("adapter", "wrong"))).code is ReasonCode.NOT_AUTHORIZED
        closed = await client.event()
        assert isinstance(closed, CloseConnection)
        assert closed.code == 1000
        client.send(closed.response())
        with pytest.raises(ConnectionError):
            await client.event()


@pytest.mark.parametrize(
    ("secret", "address"), [(ENVOY_SECRET, "198.51.100.7"), ("guessed", "127.0.0.1"), ("", "127.0.0.1")]
)
async def test_a_forwarded_address_counts_only_with_the_secret_of_envoy(secret: str, address: str) -> None:
    headers = {FORWARDED_HEADER: "forged, 198.51.100.7", SECRET_HEADER: secret}
    with structlog.testing.capture_logs() as lines:
        async with running_endpoint() as one, websocket(one, headers=headers) as client:
            assert (await client.admitted(("adapter", "wrong"))).code
    (rejected,) = [line for line in lines if line["event"] == "client_rejected"]
    assert rejected["address"] == address


async def test_clients_behind_envoy_have_the_bounds_of_their_own_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_addresses, "MOST_OF_AN_ADDRESS", 1)
    first, second = (
        {FORWARDED_HEADER: address, SECRET_HEADER: ENVOY_SECRET} for address in ("198.51.100.7", "198.51.100.8")
    )
    async with running_endpoint() as one, websocket(one, headers=first) as client:
        assert not (await client.admitted()).code
        async with websocket(one, headers=second) as other:
            assert not (await other.admitted(None)).code
        with pytest.raises(ConnectionError):
            await websocket(one, headers=first).__aenter__()


async def test_a_web_page_has_to_log_in() -> None:
    """A browser connects to this machine on behalf of every page that it shows."""
    async with running_endpoint() as one:
        async with websocket(one) as client:
            assert not (await client.admitted(None)).code
        async with websocket(one, headers={"origin": "https://example.com"}) as page:
            assert (await page.admitted(None)).code is ReasonCode.NOT_AUTHORIZED
        async with websocket(one, headers={"origin": "https://example.com"}) as page:
            assert not (await page.admitted()).code
