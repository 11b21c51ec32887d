"""Admits clients to the embedded broker: CONNECT and the login."""

from typing import Any

from amqtt.errors import MQTTError
from amqtt.mqtt.connack import NOT_AUTHORIZED, SERVER_UNAVAILABLE, ConnackPacket
from amqtt.session import Session

from iotflow_gateway.embedded.access_control import AccessControl, AuthUnavailable
from iotflow_gateway.embedded.client_protocol import ClientProtocol
from iotflow_gateway.embedded.connections import Connections, Reader, Writer
from iotflow_gateway.embedded.packet_bodies import Unsupported, checked_connect
from iotflow_gateway.embedded.session_state import admit

CONNECT_SECONDS = 10.0
# MQTT 5's own answer: Unsupported Protocol Version (MQTT 5, 3.2.2.2).
CONNACK_UNSUPPORTED = bytes([0x20, 3, 0, 0x84, 0])


class Admission:
    """plugins: of amqtt's broker."""

    def __init__(self, access: AccessControl, connections: Connections, plugins: Any) -> None:
        self._access = access
        self._connections = connections
        self._plugins = plugins

    async def admit(self, reader: Reader, writer: Writer) -> tuple[ClientProtocol, Session]:
        """The protocol and the session of a client that has logged in. Raises Malformed, MQTTError, and TimeoutError."""
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
