"""The MQTT endpoint in the process of a test, and a client that sends and receives single packets."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import grpc

from iotflow.v1.mqtt_pb2 import MqttAccount
from iotflow.v1.mqtt_service_pb2 import FindAccountResponse, FindAccountsRequest, FindAccountsResponse
from iotflow_gateway.accounts.directory import DeviceAccount, Directory
from iotflow_gateway.endpoint import AccessControl, AnonymousAccess, Certificates, Endpoint, Listener, OpenedSession
from iotflow_gateway.mqtt import Connack, Connect, Packet, PacketParser, Version
from iotflow_gateway.pipeline.message import Message
from iotflow_gateway.topics import Topics
from tests.support.mqtt_packets import LARGEST
from tests.support.processes import free_port

PATIENCE = 10.0
# The account that may use every topic, so that no server has to answer.
ADAPTER = ("adapter", "secret")
# A device, and its key.
DEVICE = ("pump", "key of the pump")
TURNS = 50
ENVOY_SECRET = "envoy's"


class NoServer:
    """A channel to a server that is away. A real one would outlive the event loop of its test."""

    def unary_unary(self, *_: object, **__: object) -> Callable[..., Awaitable[object]]:
        """A method of the server."""
        return self._fail

    unary_stream = stream_stream = unary_unary

    async def _fail(self, *_: object, **__: object) -> object:
        away = grpc.StatusCode.UNAVAILABLE
        raise grpc.aio.AioRpcError(away, grpc.aio.Metadata(), grpc.aio.Metadata(), "no server")


class NoStore:
    """Stores no sessions, as a server does for those that end with their connections."""

    async def open(self, *_: object, **__: object) -> OpenedSession:
        """A session that is not stored."""
        return OpenedSession()

    async def store_subscriptions(self, *_: object) -> None:
        """Not called: no session is stored."""
        raise AssertionError

    def end_connection(self, *_: object) -> None:
        """Not called: no session is stored."""
        raise AssertionError

    def record_received(self, *_: object) -> None:
        """Not called: no session is stored."""
        raise AssertionError

    async def watch(self, *_: object) -> None:
        """Wait forever: there is no other endpoint."""
        await asyncio.Event().wait()


class DeviceServer:
    """A channel to a server that knows the device with the id 7."""

    def unary_unary(self, *_: object, **__: object) -> Callable[..., Awaitable[FindAccountsResponse]]:
        """A method of the server."""
        return self._find

    unary_stream = stream_stream = unary_unary

    async def _find(self, request: FindAccountsRequest, **_: object) -> FindAccountsResponse:
        account = MqttAccount(device_id=7, name=DEVICE[0], status="active")
        return FindAccountsResponse(accounts=[FindAccountResponse(account=account) for _ in request.api_keys])


@dataclass
class Client:
    """A connection. packets: those that arrived and were not taken."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    version: Version
    parser: PacketParser
    packets: list[Packet] = field(default_factory=list)

    def send(self, *packets: Packet) -> None:
        """Send packets in one write."""
        self.writer.write(b"".join(packet.encode(self.version) for packet in packets))

    async def receive(self) -> Packet:
        """The next packet. Raises ConnectionError if the endpoint closes the connection."""
        async with asyncio.timeout(PATIENCE):
            while not self.packets:
                data = await self.reader.read(2**16)
                if not data:
                    raise ConnectionError("the endpoint has closed the connection")
                self.packets += self.parser.feed(data)
                assert self.parser.error is None
        return self.packets.pop(0)

    async def ask(self, *packets: Packet) -> Packet:
        """Send packets, and wait for the next one that arrives."""
        self.send(*packets)
        return await self.receive()

    async def is_closed(self) -> bool:
        """Whether the endpoint closes the connection without a further packet."""
        async with asyncio.timeout(PATIENCE):
            try:
                return not (self.packets or await self.reader.read(1))
            except ConnectionError:
                return True

    async def wait_for_end(self, seconds: float) -> bool:
        """Whether the endpoint closes the connection within this time."""
        try:
            async with asyncio.timeout(seconds):
                return not await self.reader.read(2**16)
        except TimeoutError:
            return False

    async def close(self) -> None:
        """Close the connection without DISCONNECT."""
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except ConnectionError:
            return


class RunningEndpoint:
    """An endpoint, and its messages in the order of arrival, which a test finishes."""

    def __init__(self, endpoint: Endpoint, port: int, tls_port: int, websocket_port: int) -> None:
        self.endpoint = endpoint
        self.port, self.tls_port, self.websocket_port = port, tls_port, websocket_port
        self._task = asyncio.create_task(endpoint.run(self.take))
        self._messages: asyncio.Queue[Message] = asyncio.Queue()

    def take(self, message: Message) -> None:
        """Queue a message."""
        self._messages.put_nowait(message)

    def account_changed(self, device_id: int) -> None:
        """Report a change of the device's account."""
        self.endpoint.account_changed(None, DeviceAccount(device_id, "", "", ""))

    async def stop(self) -> None:
        """End the endpoint."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def next(self) -> Message:
        """The next message."""
        async with asyncio.timeout(PATIENCE):
            return await self.taken()

    async def taken(self) -> Message:
        """The next message, however long it takes."""
        return await self._messages.get()

    async def finish(self, count: int = 1) -> list[Message]:
        """Finish the next messages."""
        messages = [await self.next() for _ in range(count)]
        for message in messages:
            self.endpoint.finish(message)
        return messages

    async def is_quiet(self) -> bool:
        """Whether no message arrives in a number of turns of the event loop."""
        for _ in range(TURNS):
            await asyncio.sleep(0)
        return self._messages.empty()

    @asynccontextmanager
    async def line(
        self,
        version: Version = Version.V5,
        *,
        source: str = "127.0.0.1",
        tls: ssl.SSLContext | None = None,
        port: int | None = None,
    ) -> AsyncIterator[Client]:
        """A connection without a CONNECT. source: the client's address. tls: None: without TLS."""
        port = port or (self.tls_port if tls else self.port)
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0), ssl=tls)
        client = Client(reader, writer, version, PacketParser(LARGEST, version))
        try:
            yield client
        finally:
            await client.close()

    @asynccontextmanager
    async def client(
        self,
        version: Version = Version.V5,
        client_id: str = "c",
        login: tuple[str, str] | None = ADAPTER,
        tls: ssl.SSLContext | None = None,
        **more: Any,
    ) -> AsyncIterator[Client]:
        """A client that is admitted. more: fields of CONNECT."""
        async with self.line(version, tls=tls) as client:
            answer = await client.ask(connect(version, client_id, login, **more))
            assert isinstance(answer, Connack)
            assert not answer.code, answer
            yield client


def connect(
    version: Version, client_id: str = "c", login: tuple[str, str | None] | None = ADAPTER, **more: Any
) -> Connect:
    """A CONNECT of the login, whose password may be None. more: its other fields."""
    username, password = login or (None, None)
    secret = None if password is None else password.encode()
    return Connect(client_id, version, username=username, password=secret, **more)


@asynccontextmanager
async def running_endpoint(
    window: int = 1_000, channel: object = None, certificates: Certificates | None = None, server_reference: str = ""
) -> AsyncIterator[RunningEndpoint]:
    """An endpoint with the topic prefix `p`. window: messages in processing. channel: to the server; None: it does not answer.
    certificates: of a port with TLS; its port for WebSocket then has TLS too. server_reference: for clients when it stops."""
    topics, channel = Topics("p"), channel or NoServer()
    access = AccessControl(
        channel=cast(grpc.aio.Channel, channel),
        metadata=(),
        directory=Directory(),
        topics=topics,
        adapter=ADAPTER,
        anonymous=AnonymousAccess(register=False, publish=True),
    )
    port, tls_port, websocket_port = free_port(), free_port(), free_port()
    listeners = [
        Listener("127.0.0.1", port),
        Listener("127.0.0.1", websocket_port, certificates, is_websocket=True, envoy_secret=ENVOY_SECRET),
    ]
    if certificates:
        listeners.append(Listener("127.0.0.1", tls_port, certificates))
    one = RunningEndpoint(
        Endpoint(listeners, access, NoStore(), topics, window, server_reference), port, tls_port, websocket_port
    )
    try:
        async with asyncio.timeout(PATIENCE):
            await one.endpoint.connected()
        yield one
    finally:
        await one.stop()
