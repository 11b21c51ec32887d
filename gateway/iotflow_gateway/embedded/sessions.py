"""The sessions of the embedded broker's clients."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack

import structlog
from amqtt.broker import Broker
from amqtt.contexts import Action, BrokerConfig
from amqtt.errors import AMQTTError, MQTTError
from amqtt.mqtt.constants import QOS_1
from amqtt.session import Session

from iotflow_gateway.embedded.access_control import AccessControl
from iotflow_gateway.embedded.client_protocol import ClientProtocol
from iotflow_gateway.embedded.connections import CONNECT_SECONDS, Admission, Connections, Reader, Writer
from iotflow_gateway.embedded.fanout import Fanout
from iotflow_gateway.embedded.limits import (
    LONGEST_FILTER,
    MOST_ANONYMOUS,
    MOST_FILTERS,
    MOST_OF_A_DEVICE,
    MOST_SESSIONS,
    READING_BYTES,
)
from iotflow_gateway.embedded.packets import MalformedPacket, ReadBudget
from iotflow_gateway.embedded.session_state import InboundMessage, device_of, has_same_owner, last_will, state
from iotflow_gateway.topics import Topics

log = structlog.get_logger(__name__)

# SUBACK's code for a rejected subscription.
SUBSCRIPTION_REJECTED = 0x80

# Called with a message of a session, and whether its client may publish it.
OnInbound = Callable[[Session, InboundMessage, bool], None]


class Sessions(Broker):
    """amqtt's broker with other rules: `access` admits clients, client ids belong to their owners, and a client with the id of
    another connection of its owner replaces that connection once it is admitted. may_read: set while messages are accepted.
    on_opened: called with each session that a client has started or resumed."""

    def __init__(
        self,
        config: BrokerConfig,
        *,
        access: AccessControl,
        topics: Topics,
        on_inbound: OnInbound,
        may_read: asyncio.Event,
        on_opened: Callable[[Session], None],
    ) -> None:
        super().__init__(config)
        self._topics = topics
        self._access = access
        self._on_inbound = on_inbound
        self._may_read = may_read
        self._on_opened = on_opened
        self._connections = Connections()
        self._budget = ReadBudget(READING_BYTES, may_read)
        self._admission = Admission(access, self._connections, self.plugins_manager)
        self.fanout = Fanout(
            self._subscriptions, protocol_of=self._protocol_of, may_receive=self._may_receive, matches=self._matches
        )

    def of(self, device_id: int) -> list[Session]:
        """The sessions of a device."""
        return [session for session in self._all() if device_of(session) == device_id]

    def is_connected(self, session: Session) -> bool:
        """Whether the session has a connection."""
        return self._protocol_of(session) is not None

    async def disconnect(self, session: Session) -> None:
        """Close the session's connection, if it has one."""
        if protocol := self._protocol_of(session):
            log.info("client_disconnected", username=session.username)
            await protocol.handle_connection_closed()

    async def remove_device(self, device_id: int) -> None:
        """Remove the sessions of a removed device, with their queued messages, and its retained messages."""
        self.fanout.retained.remove(device_id)
        for session in self.of(device_id):
            # The last will would be that of a device that does not exist.
            session.will_flag = False
            await self.disconnect(session)
            await self._delete_session(session.client_id)

    async def shutdown(self) -> None:
        await super().shutdown()
        await self.fanout.close()

    async def stream_connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener_name: str
    ) -> None:
        if not self._connections.add(writer):
            writer.transport.abort()
            return
        try:
            await self._client_connected(listener_name, Reader(reader, self._budget), Writer(writer))
        finally:
            self._connections.remove(writer)
            writer.transport.abort()

    async def add_subscription(self, subscription: tuple[str, int], session: Session) -> int:
        topic_filter, qos = subscription
        own = state(session).filters
        if topic_filter not in own and (len(own) >= MOST_FILTERS or len(topic_filter) > LONGEST_FILTER):
            problem = f"the limit of a session is {MOST_FILTERS} filters of at most {LONGEST_FILTER} characters"
            log.info("subscription_rejected", problem=problem, username=session.username)
            return SUBSCRIPTION_REJECTED
        granted: int = await super().add_subscription((topic_filter, min(qos, QOS_1)), session)
        if granted != SUBSCRIPTION_REJECTED:
            own.add(topic_filter)
        return granted

    def _del_subscription(self, a_filter: str, session: Session) -> int:
        deleted: int = super()._del_subscription(a_filter, session)
        state(session).filters.discard(a_filter)
        if not self._subscriptions.get(a_filter, True):
            del self._subscriptions[a_filter]
        return deleted

    async def _del_all_subscriptions(self, session: Session) -> None:
        for topic_filter in list(state(session).filters):
            self._del_subscription(topic_filter, session)

    async def _initialize_client_session(
        self, reader: Reader, writer: Writer, *_remote: object
    ) -> tuple[ClientProtocol, Session]:
        async with AsyncExitStack() as on_failure:
            on_failure.push_async_callback(writer.close)
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    protocol, session = await self._admission.admit(reader, writer)
                    await self._make_room(session)
                    # The last step, with no wait after it: a client with the same id that was admitted meanwhile gives way.
                    await self._take_over(session.client_id)
            except (AMQTTError, MQTTError, MalformedPacket, OSError) as error:
                problem = str(error) or "no CONNECT in time"
                # A port probe closes its connection without a byte.
                is_probe = isinstance(error, MalformedPacket) and not reader.packets.has_begun
                (log.debug if is_probe else log.info)("client_rejected", problem=problem)
                raise MQTTError(problem) from None
            resumed = await self._resumed(session)
            on_failure.pop_all()
        return protocol, resumed

    async def _take_over(self, client_id: str) -> None:
        """Close the connection with this client id (MQTT-3.1.4-2)."""
        while protocol := self._connected_as(client_id):
            await protocol.handle_connection_closed()
            await protocol.over.wait()

    async def _resumed(self, session: Session) -> Session:
        """The client's earlier session, if it is kept, or else the new one."""
        before, _ = self._sessions.get(session.client_id, (None, None))
        if before is None or before.clean_session or session.clean_session:
            await self._delete_session(session.client_id)
            return session
        for name in ("will_flag", "will_topic", "will_message", "will_qos", "will_retain", "keep_alive", "password"):
            setattr(before, name, getattr(session, name))
        before.username = session.username
        state(before).login = state(session).login
        before.parent = 1
        return before

    async def _make_room(self, new: Session) -> None:
        """End the oldest session if there are too many of the device, of clients without a login, or in all."""
        most = MOST_OF_A_DEVICE if device_of(new) else MOST_ANONYMOUS
        while len(own := [one for one in self._others(new) if has_same_owner(one, new)]) >= most:
            await self._end_oldest(own)
        if len(self._sessions) >= MOST_SESSIONS and (
            away := [one for one in self._others(new) if not self.is_connected(one)]
        ):
            await self._end_oldest(away)

    async def _end_oldest(self, sessions: list[Session]) -> None:
        """End the oldest session, one without a connection first."""
        oldest = min(sessions, key=lambda one: (self.is_connected(one), one.last_connect_time or 0))
        log.info("session_ended", problem="too many", username=oldest.username, client_id=state(oldest).client_id)
        await self._take_over(oldest.client_id)
        await self._delete_session(oldest.client_id)

    async def _handle_client_session(
        self,
        reader: Reader,
        writer: Writer,
        client_session: Session,
        handler: ClientProtocol,
        *_listener: object,
    ) -> None:
        handler.prepare(reader.packets, self._may_read, self._receive)
        try:
            client_session.transitions.connect()
            handler.attach(client_session, reader, writer)
            self._sessions[client_session.client_id] = (client_session, handler)
            self._on_opened(client_session)
            await handler.mqtt_connack_authorize(authorize=True)
            await handler.start()
            self.fanout.resume(client_session)
            self._record_reachable(client_session)
            await self._client_message_loop(client_session, handler)
        finally:
            await self._end(client_session, handler)

    async def _handle_disconnect(self, client_session: Session, handler: ClientProtocol, *_waiter: object) -> None:
        """Nothing: _end processes the end of a connection for every cause."""

    async def _end(self, session: Session, protocol: ClientProtocol) -> None:
        await self._stop_handler(protocol)
        session.transitions.disconnect()
        if session.will_flag and not protocol.has_disconnected:
            self._receive(session, last_will(session))
        session.will_flag = False
        protocol.over.set()
        if session.clean_session and self._sessions.get(session.client_id) == (session, protocol):
            await self._delete_session(session.client_id)

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        self.fanout.send_retained(session, *subscription)
        self._record_reachable(session)

    def _record_reachable(self, session: Session) -> None:
        """Report a heartbeat of a device with subscriptions, so that its waiting commands are sent at once."""
        if device_of(session) and state(session).filters:
            self._on_inbound(session, InboundMessage(self._topics.heartbeat(session.username), b""), True)

    async def _topic_filtering(self, session: Session, topic: str, action: Action) -> bool:
        return self._allows(session, topic, publishing=action is Action.PUBLISH)

    def _receive(self, session: Session, message: InboundMessage) -> bool:
        """Process a message of a client. False: it is rejected, and the client has no topic for errors."""
        is_allowed = self._allows(session, message.topic, publishing=True)
        if not (is_allowed or session.username):
            log.info("anonymous_publish_rejected", topic=message.topic[:200], client_id=state(session).client_id)
            return False
        if is_allowed and session.username:
            if message.retain:
                self.fanout.retained.put_bounded(device_of(session), message.topic, message.payload)
            self.fanout.publish(message.topic, message.payload, message.qos)
        self._on_inbound(session, message, is_allowed)
        return True

    def _all(self) -> Iterator[Session]:
        return (session for session, _ in self._sessions.values())

    def _others(self, new: Session) -> Iterator[Session]:
        """The sessions that the new one does not replace."""
        return (session for session in self._all() if session.client_id != new.client_id)

    def _protocol_of(self, session: Session) -> ClientProtocol | None:
        return self._connected_as(session.client_id)

    def _connected_as(self, client_id: str) -> ClientProtocol | None:
        _, handler = self._sessions.get(client_id, (None, None))
        return handler if isinstance(handler, ClientProtocol) and not handler.over.is_set() else None

    def _may_receive(self, session: Session, topic: str) -> bool:
        return self._allows(session, topic, publishing=False)

    def _allows(self, session: Session, topic: str, *, publishing: bool) -> bool:
        known = state(session)
        return self._access.allows(known.login, known.client_id, topic, publishing=publishing)
