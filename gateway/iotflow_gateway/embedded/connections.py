"""Connections of the embedded broker's clients: their number, CONNECT and the login."""

import asyncio
from typing import Any

import structlog
from amqtt.adapters import StreamReaderAdapter, StreamWriterAdapter
from amqtt.errors import MQTTError
from amqtt.mqtt.connack import NOT_AUTHORIZED, SERVER_UNAVAILABLE, ConnackPacket
from amqtt.session import Session

from iotflow.log_limits import Interval
from iotflow_gateway.embedded.access_control import AccessControl, AuthUnavailable
from iotflow_gateway.embedded.client_protocol import ClientProtocol
from iotflow_gateway.embedded.limits import MOST_CONNECTIONS, MOST_UNIDENTIFIED
from iotflow_gateway.embedded.packet_bodies import Unsupported, checked_connect
from iotflow_gateway.embedded.packets import PacketReader, ReadBudget
from iotflow_gateway.embedded.session_state import admit

log = structlog.get_logger(__name__)

# Time for a client to send its CONNECT.
CONNECT_SECONDS = 10.0
# Time for a client to read the last packets before its connection is closed.
CLOSE_SECONDS = 2.0
# MQTT 5's own answer: Unsupported Protocol Version (MQTT 5, 3.2.2.2).
CONNACK_UNSUPPORTED = bytes([0x20, 3, 0, 0x84, 0])
HINT = "--broker mosquitto accepts more connections"


class Reader(StreamReaderAdapter):
    """A reader of packets for amqtt."""

    def __init__(self, reader: asyncio.StreamReader, budget: ReadBudget) -> None:
        super().__init__(reader)
        self.packets = PacketReader(reader, budget)


class Writer(StreamWriterAdapter):
    """A writer that closes its socket even if the client does not read."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        super().__init__(writer)
        self.connection = writer

    async def close(self) -> None:
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await super().close()
        except (OSError, TimeoutError):
            # The client has disconnected, or does not read.
            return
        finally:
            self.connection.transport.abort()


class Connections:
    """Bounds the number of connections."""

    def __init__(self) -> None:
        self._open: set[asyncio.StreamWriter] = set()
        # Connections without a CONNECT, the oldest first.
        self._unidentified: dict[asyncio.StreamWriter, None] = {}
        self._between_lines = Interval()

    def add(self, connection: asyncio.StreamWriter) -> bool:
        """Add a connection; False: there are too many. Too many without a CONNECT close the oldest of those."""
        if len(self._open) >= MOST_CONNECTIONS:
            self._log("connection_rejected", f"{MOST_CONNECTIONS} connections are open")
            return False
        if len(self._unidentified) >= MOST_UNIDENTIFIED:
            self._log("connection_ended", f"{MOST_UNIDENTIFIED} connections have sent no CONNECT")
            # Removed at once: further connections may arrive before the event loop has closed this one.
            oldest = next(iter(self._unidentified))
            self.remove(oldest)
            oldest.transport.abort()
        self._open.add(connection)
        self._unidentified[connection] = None
        return True

    def identify(self, connection: asyncio.StreamWriter) -> None:
        """Record that the connection has sent its CONNECT."""
        self._unidentified.pop(connection, None)

    def remove(self, connection: asyncio.StreamWriter) -> None:
        """Record that the connection has ended."""
        self._open.discard(connection)
        self._unidentified.pop(connection, None)

    def _log(self, event: str, problem: str) -> None:
        if self._between_lines.passed():
            log.warning(event, problem=problem, hint=HINT)


class Admission:
    """plugins: of amqtt's broker."""

    def __init__(self, access: AccessControl, connections: Connections, plugins: Any) -> None:
        self._access = access
        self._connections = connections
        self._plugins = plugins

    async def admit(self, reader: Reader, writer: Writer) -> tuple[ClientProtocol, Session]:
        """The protocol and the session of a client that has logged in. Raises MalformedPacket, MQTTError, and TimeoutError."""
        protocol, session = await self._connect(reader, writer)
        await self._authenticate(session, writer)
        return protocol, session

    async def _connect(self, reader: Reader, writer: Writer) -> tuple[ClientProtocol, Session]:
        try:
            connect = checked_connect(await reader.packets.next(CONNECT_SECONDS))
        except Unsupported:
            writer.write(CONNACK_UNSUPPORTED)
            await writer.drain()
            problem = "a client of MQTT 5: the embedded broker supports MQTT 3.1.1, --broker mosquitto supports both"
            raise MQTTError(problem) from None
        self._connections.identify(writer.connection)
        protocol, session = await ClientProtocol.init_from_connect(connect, writer, self._plugins)
        return protocol, session

    async def _authenticate(self, session: Session, writer: Writer) -> None:
        username = session.username or ""
        try:
            login = await self._access.authenticate(username, session.password or "")
        except AuthUnavailable:
            await ConnackPacket.build(0, SERVER_UNAVAILABLE).to_stream(writer)
            raise MQTTError("the server is unavailable") from None
        if login is None:
            await ConnackPacket.build(0, NOT_AUTHORIZED).to_stream(writer)
            raise MQTTError(f"{self._access.denial_reason(username)}: {username:.200}")
        admit(session, login)
        # The session of a client without a login has no owner to whom it could be returned.
        session.clean_session = session.clean_session or not username
