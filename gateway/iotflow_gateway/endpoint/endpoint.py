"""The MQTT endpoint as a Broker of the adapter: composes its parts, and runs them."""

import asyncio
import contextlib
import functools
from collections.abc import Sequence

import structlog

from iotflow_gateway.accounts.directory import DeviceAccount
from iotflow_gateway.broker import BrokerDelivery, OnMessage
from iotflow_gateway.endpoint.access_control import AccessControl
from iotflow_gateway.endpoint.admission import Admission, Admitted, connack, keep_alive, session_of
from iotflow_gateway.endpoint.client import Client
from iotflow_gateway.endpoint.connection import Connection
from iotflow_gateway.endpoint.connection_review import ConnectionReview
from iotflow_gateway.endpoint.connections import Connections
from iotflow_gateway.endpoint.draining import Draining
from iotflow_gateway.endpoint.fanout import Fanout
from iotflow_gateway.endpoint.incoming import InboundMessage, IncomingMessages
from iotflow_gateway.endpoint.limits import CHECK_SECONDS
from iotflow_gateway.endpoint.outbound import Outbound, OutgoingBytes, Receiver
from iotflow_gateway.endpoint.publication import Publication
from iotflow_gateway.endpoint.publication import expiry as expiry_time
from iotflow_gateway.endpoint.session import Session
from iotflow_gateway.endpoint.session_store import SessionStore
from iotflow_gateway.endpoint.sessions import Sessions
from iotflow_gateway.endpoint.subscriptions import Subscriptions
from iotflow_gateway.endpoint.transports.listeners import Listener
from iotflow_gateway.mqtt import Connect
from iotflow_gateway.pipeline.message import Message
from iotflow_gateway.topics import Topics

log = structlog.get_logger(__name__)

LARGEST_RECEIVE_MAXIMUM = 65_535


class Endpoint:
    """window: largest number of messages in processing. server_reference: another endpoint, which clients of MQTT 5 are given when this
    one stops; empty: none."""

    def __init__(
        self,
        listeners: Sequence[Listener],
        access: AccessControl,
        store: SessionStore,
        topics: Topics,
        window: int,
        server_reference: str = "",
    ) -> None:
        self._listeners = listeners
        self._servers: list[asyncio.Server] = []
        self._access = access
        self._subscriptions = Subscriptions(topics)
        self._fanout = Fanout(self._subscriptions, functools.partial(self._allows, publishing=False))
        self._incoming = IncomingMessages(
            access=access,
            topics=topics,
            fanout=self._fanout,
            window=window,
            on_message=self._pass_on,
            on_room=self._resume_soon,
        )
        self._sessions = Sessions(self._subscriptions, self._fanout, self._incoming, store)
        self._store = store
        self._connections = Connections(lambda: self._incoming.is_full)
        self._review = ConnectionReview(access)
        self._admission = Admission(access, self._connections, self._review, store, self._open)
        self._draining = Draining(self._connections, lambda: self._incoming.waiting, server_reference)
        self._outgoing = OutgoingBytes()
        self._on_message: OnMessage | None = None
        self._is_listening = asyncio.Event()

    @property
    def waiting(self) -> int:
        """Number of messages that are not acknowledged."""
        return self._incoming.waiting

    async def connected(self) -> None:
        """Wait until clients can connect."""
        await self._is_listening.wait()

    async def lost(self) -> None:
        """Wait forever: the endpoint ends with the adapter."""
        await asyncio.Event().wait()

    @property
    def session_present(self) -> bool:
        """True: the endpoint has all messages that this process retained."""
        return True

    async def run(self, on_message: OnMessage) -> None:
        """Run until cancelled. Raises OSError if the endpoint cannot listen on its ports."""
        self._on_message = on_message
        await self._listen()
        log.info("broker_listening", addresses=[one.address for one in self._listeners])
        self._is_listening.set()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._review.run(self._sessions))
                tasks.create_task(self._check_regularly())
                tasks.create_task(self._store.watch(self._sessions.take_over))
        finally:
            self._stop_listening()
            # The pipeline stops as well: nothing that arrives from now on is acknowledged.
            self._on_message = None
            await self._admission.close()
            await self._sessions.close()
            self._draining.end_connections()
            with contextlib.suppress(asyncio.CancelledError):
                # The connections send what is written in this turn of the event loop.
                await asyncio.sleep(0)

    async def drain(self) -> None:
        """Accept no more connections, and acknowledge the messages that have arrived, within a limited time."""
        self._stop_listening()
        await self._draining.run()

    async def _listen(self) -> None:
        try:
            for one in self._listeners:
                server = await one.open(lambda: Connection(self._connections, self._admission.handle))
                self._servers.append(server)
        except OSError:
            self._stop_listening()
            raise

    def _stop_listening(self) -> None:
        for server in self._servers:
            server.close()

    def account_changed(self, before: DeviceAccount | None, after: DeviceAccount | None) -> None:
        """Review the connections of a device that was added, changed or removed."""
        if changed := after or before:
            self._review.schedule(changed.device_id, removed=after is None)

    def finish(self, message: Message) -> None:
        """Acknowledge a message to its client."""
        if isinstance(message, InboundMessage):
            self._incoming.finish(message)
            if self._draining.has_begun:
                self._draining.record_finished()

    def publish(self, topic: str, payload: bytes) -> bool:
        """Send a message with QoS 1. False: the endpoint does not run, or a limit is reached."""
        return self._is_listening.is_set() and self._fanout.publish(Publication(topic, payload))

    async def deliver(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        expiry: int | None = None,
        device_id: int = 0,
    ) -> BrokerDelivery:
        """Send a message with QoS 1 to the connected subscribers. The message is not queued for others. A message that clears a
        retained one has no receiver."""
        sent = Publication(topic, payload, expires_at=expiry_time(expiry))
        if retain:
            self._fanout.retained.put(device_id, sent)
        if not payload:
            return BrokerDelivery.NO_SUBSCRIBER
        is_received = await self._fanout.deliver(sent, only=device_id)
        return BrokerDelivery.RECEIVED if is_received else BrokerDelivery.NO_SUBSCRIBER

    def _open(self, connection: Connection, admitted: Admitted) -> None:
        """Open the session of a client that has logged in, and answer it."""
        connect, new = admitted.connect, session_of(admitted, Outbound(self._outgoing))
        session, is_resumed = self._sessions.open(new, admitted.opened, is_clean=connect.is_clean)
        client = Client(
            connection,
            session,
            incoming=self._incoming,
            subscriptions=self._subscriptions,
            fanout=self._fanout,
            store=self._store,
            may_subscribe=functools.partial(self._allows, publishing=False),
            explains=connect.properties.get("request_problem_information", 1) == 1,
        )
        session.client = client
        connection.username, connection.keep_alive = session.login.username, keep_alive(connect)
        connection.on_packet = client.handle
        connection.on_end = functools.partial(self._detach, client)
        connection.admit()
        self._review.schedule_session(session, admitted.changes)
        connection.write(connack(connect, session, is_resumed=is_resumed).encode(connect.version))
        session.outbound.attach(_receiver(connection, connect))
        if is_resumed:
            # A configuration may have changed in the meantime.
            for granted in session.filters.values():
                self._fanout.send_retained(session, granted)
            self._incoming.record_reachable(session)

    def _detach(self, client: Client) -> None:
        if client.session.client is client:
            self._sessions.detach(client.session, publishes_will=not client.has_disconnected)

    def _allows(self, session: Session, topic: str, *, publishing: bool) -> bool:
        return self._access.allows(session.login, session.client_id, topic, publishing=publishing)

    def _pass_on(self, message: Message) -> None:
        if self._on_message:
            self._on_message(message)

    def _resume_soon(self) -> None:
        asyncio.get_running_loop().call_soon(self._connections.resume)

    async def _check_regularly(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            for connection in self._connections:
                connection.check(loop.time())
            self._sessions.check()
            for listener in self._listeners:
                listener.check()


def _receiver(connection: Connection, connect: Connect) -> Receiver:
    properties = connect.properties
    return Receiver(
        connect.version,
        connection.write,
        lambda: connection.is_writable,
        properties.get("receive_maximum", LARGEST_RECEIVE_MAXIMUM),
        properties.get("maximum_packet_size", 0),
    )
