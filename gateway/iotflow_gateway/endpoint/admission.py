"""CONNECT: the login of a client, its session, and CONNACK."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from iotflow_gateway.endpoint.access_control import AccessControl, AuthUnavailable, Login
from iotflow_gateway.endpoint.connection import Connection
from iotflow_gateway.endpoint.connection_review import ConnectionReview
from iotflow_gateway.endpoint.connections import Connections
from iotflow_gateway.endpoint.limits import (
    HEADER_BYTES,
    LARGEST_PUBLISH,
    LONGEST_CLIENT_ID,
    LONGEST_KEEPALIVE,
    MOST_ALIASES,
    MOST_UNACKNOWLEDGED,
)
from iotflow_gateway.endpoint.logins import Logins
from iotflow_gateway.endpoint.outbound import Outbound
from iotflow_gateway.endpoint.reading import Hold
from iotflow_gateway.endpoint.session import Session, SessionKey, session_key
from iotflow_gateway.endpoint.session_store import OpenedSession, SessionStore
from iotflow_gateway.endpoint.sessions import expiry as expiry_of
from iotflow_gateway.mqtt import Connack, Connect, MalformedPacket, Packet, Properties, ReasonCode, Version
from iotflow_gateway.pipeline.message import StoredSession

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Admitted:
    """A client that has logged in. client_id: as it sent it, or as it was assigned. changes: number of changes of accounts before its
    authentication. expiry: seconds for which its session outlives the connection. opened: its session at the server."""

    connect: Connect
    login: Login
    client_id: str
    changes: int
    expiry: int
    opened: OpenedSession


class Rejection(Exception):
    """A CONNECT is rejected; the message has the reason for the log. code: for CONNACK. answer: for a client of MQTT 5."""

    def __init__(self, problem: str, code: ReasonCode, answer: str = "") -> None:
        super().__init__(problem)
        self.code = code
        self.answer = answer or problem


class Admission:
    """on_admitted: called with each client that has logged in."""

    def __init__(
        self,
        access: AccessControl,
        connections: Connections,
        review: ConnectionReview,
        store: SessionStore,
        on_admitted: Callable[[Connection, Admitted], None],
    ) -> None:
        self._access = access
        self._connections = connections
        self._review = review
        self._store = store
        self._on_admitted = on_admitted
        self._logins = Logins()
        self._tasks: set[asyncio.Task[None]] = set()

    def handle(self, connection: Connection, packet: Packet) -> None:
        """Process the first packet of a connection."""
        if not isinstance(packet, Connect):
            raise MalformedPacket("the first packet is not CONNECT", ReasonCode.PROTOCOL_ERROR)
        self._connections.identify(connection)
        connection.hold(Hold.LOGIN)
        if problem := self._logins.refusal(connection.address, packet):
            self._reject(connection, Rejection(problem, ReasonCode.SERVER_BUSY))
            return
        task = asyncio.create_task(self._admit(connection, packet), name="login")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Cancel the logins in progress."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _admit(self, connection: Connection, connect: Connect) -> None:
        changes = self._review.changes
        try:
            client_id = _client_id(connect)
            login = await self._authenticate(connection, connect)
            expiry = _expiry(connect, login)
            opened = await self._open(session_key(login, client_id), connect, expiry)
        except Rejection as rejection:
            self._reject(connection, rejection)
            return
        admitted = Admitted(connect, login, client_id, changes, expiry, opened)
        if not connection.is_closed:
            self._on_admitted(connection, admitted)
            connection.release(Hold.LOGIN)
        elif stored := stored_session(admitted):
            self._store.end_connection(stored, expiry)

    async def _open(self, key: SessionKey, connect: Connect, expiry: int) -> OpenedSession:
        """Open the client's session at the server. Sessions of clients without a login are not stored."""
        device_id, username, _ = key
        if not (device_id or username):
            return OpenedSession()
        try:
            return await self._store.open(key, is_clean=connect.is_clean, expiry=expiry)
        except AuthUnavailable:
            raise Rejection("the server is unavailable", ReasonCode.SERVER_UNAVAILABLE) from None

    def _reject(self, connection: Connection, rejection: Rejection) -> None:
        properties: Properties = {"reason_string": rejection.answer[:500]}
        connection.write(Connack(rejection.code, properties=properties).encode(connection.version))
        connection.close(str(rejection))

    async def _authenticate(self, connection: Connection, connect: Connect) -> Login:
        username, address, certificate = connect.username or "", connection.address, connection.certificate
        if connection.must_log_in and not username and not certificate:
            raise Rejection("a web page without a login", ReasonCode.NOT_AUTHORIZED)
        try:
            async with self._logins.turn(address, connect):
                login = await self._access.authenticate(username, password_text(connect), certificate)
        except AuthUnavailable:
            raise Rejection("the server is unavailable", ReasonCode.SERVER_UNAVAILABLE) from None
        if login is None:
            self._logins.record_failure(address)
            problem = f"{self._access.denial_reason(username)}: {username:.200}"
            raise Rejection(problem, ReasonCode.NOT_AUTHORIZED, "the user name or the password is not valid")
        return login


def password_text(connect: Connect) -> str:
    """The password as a text: keys and tokens are ASCII, and other bytes are no key."""
    return (connect.password or b"").decode(errors="replace")


def session_of(admitted: Admitted, outbound: Outbound) -> Session:
    """A new session of a client."""
    connect, login, client_id = admitted.connect, admitted.login, admitted.client_id
    return Session(
        key=session_key(login, client_id),
        client_id=client_id,
        login=login,
        outbound=outbound,
        password=password_text(connect),
        expiry=admitted.expiry,
        stored=stored_session(admitted),
        opened_at=admitted.opened.opened_at,
        will=connect.will,
    )


def stored_session(admitted: Admitted) -> StoredSession | None:
    """The session at the server; None: it is not stored."""
    opened = admitted.opened
    return StoredSession(opened.id, opened.connection) if opened.id else None


def _expiry(connect: Connect, login: Login) -> int:
    """Seconds for which the session of a client outlives its connection."""
    seconds = connect.properties.get("session_expiry", 0) if connect.version is Version.V5 else None
    # The session of a client without a login has no owner to whom it could be returned.
    return expiry_of(seconds, is_clean=connect.is_clean, is_kept=bool(login.username))


def connack(connect: Connect, session: Session, *, is_resumed: bool) -> Connack:
    """The answer to a client that is admitted (MQTT 5, 3.2.2.3)."""
    properties: Properties = {
        "receive_maximum": MOST_UNACKNOWLEDGED,
        "maximum_packet_size": LARGEST_PUBLISH + HEADER_BYTES,
        "topic_alias_maximum": MOST_ALIASES,
        "shared_subscriptions_available": 0,
    }
    if not connect.client_id:
        properties["assigned_client_id"] = session.client_id
    if keep_alive(connect) != connect.keep_alive:
        properties["server_keep_alive"] = keep_alive(connect)
    if session.expiry != connect.properties.get("session_expiry", 0):
        properties["session_expiry"] = session.expiry
    return Connack(ReasonCode.SUCCESS, is_resumed, properties)


def keep_alive(connect: Connect) -> int:
    """Seconds for which the client may be silent; 0: no limit. A client of MQTT 5 has a limit."""
    if connect.version is Version.V5:
        return min(connect.keep_alive or LONGEST_KEEPALIVE, LONGEST_KEEPALIVE)
    return connect.keep_alive


def _client_id(connect: Connect) -> str:
    """The client's id, or a new one. Raises Rejection."""
    if "authentication_method" in connect.properties:
        raise Rejection("the client asks for an authentication method", ReasonCode.BAD_AUTHENTICATION_METHOD)
    if len(connect.client_id) > LONGEST_CLIENT_ID:
        problem = f"the client id has more than {LONGEST_CLIENT_ID} characters"
        raise Rejection(problem, ReasonCode.CLIENT_IDENTIFIER_NOT_VALID)
    if connect.client_id:
        return connect.client_id
    may_be_empty = connect.version is Version.V5 or (connect.version is Version.V3_1_1 and connect.is_clean)
    if not may_be_empty:
        # [MQTT-3.1.3-8] of MQTT 3.1.1
        problem = "the client has no id, and asks for a session that lasts"
        raise Rejection(problem, ReasonCode.CLIENT_IDENTIFIER_NOT_VALID)
    return f"assigned-{secrets.token_hex(8)}"
