"""The clients of the embedded broker: who is let in, and the session of each."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack

import structlog
from amqtt.broker import Broker
from amqtt.contexts import Action, BrokerConfig
from amqtt.errors import AMQTTError, MQTTError
from amqtt.mqtt.connack import NOT_AUTHORIZED, SERVER_UNAVAILABLE, ConnackPacket
from amqtt.mqtt.constants import QOS_1
from amqtt.session import Session

from iotflow_gateway.embedded.arrival import InboundMessage, last_will
from iotflow_gateway.embedded.client_protocol import ClientProtocol
from iotflow_gateway.embedded.connect import CONNACK_UNSUPPORTED, Unsupported, checked
from iotflow_gateway.embedded.fanout import Fanout
from iotflow_gateway.embedded.guard import AuthUnavailable, Guard, Login
from iotflow_gateway.embedded.limits import (
    LONGEST_FILTER,
    MOST_ANONYMOUS,
    MOST_FILTERS,
    MOST_OF_A_DEVICE,
    MOST_SESSIONS,
    READING_BYTES,
    Connections,
)
from iotflow_gateway.embedded.packets import Malformed, Room
from iotflow_gateway.embedded.state import begin, owner, state
from iotflow_gateway.embedded.wire import Reader, Writer
from iotflow_gateway.topics import Topics

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 10.0
# Answer to a subscription.
REFUSED = 0x80

# Called with a message of a session, and whether its client may publish it.
Arrived = Callable[[Session, InboundMessage, bool], None]


class Sessions(Broker):
    """amqtt's broker with other rules: the guard lets in, client ids are each owner's own, and who comes with the client id of
    another connection of its owner takes its place once it is let in. room: set while messages may come. opened: called with
    each session that a client has begun or resumed."""

    def __init__(
        self,
        config: BrokerConfig,
        guard: Guard,
        topics: Topics,
        arrived: Arrived,
        room: asyncio.Event,
        opened: Callable[[Session], None],
    ) -> None:
        super().__init__(config)
        self._topics = topics
        self._guard = guard
        self._arrived = arrived
        self._room = room
        self._opened = opened
        self._connections = Connections()
        self._large = Room(READING_BYTES, room)
        self.spreading = Fanout(self._subscriptions, self._conversation, self._hears, self._matches)

    def of(self, device_id: int) -> list[Session]:
        """The device's sessions."""
        return [session for session in self._all() if owner(session) == device_id]

    def is_connected(self, session: Session) -> bool:
        """Whether its client is there."""
        return self._conversation(session) is not None

    async def cut_off(self, session: Session) -> None:
        """End its connection, if there is one."""
        if conversation := self._conversation(session):
            log.info("cut off", username=session.username)
            await conversation.handle_connection_closed()

    async def remove(self, device_id: int) -> None:
        """The device is gone, and with it its sessions, what waits for them, and what it had retained."""
        self.spreading.retained.forget(device_id)
        for session in self.of(device_id):
            # Its last will is nobody's.
            session.will_flag = False
            await self.cut_off(session)
            await self._delete_session(session.client_id)

    async def shutdown(self) -> None:
        await super().shutdown()
        await self.spreading.close()

    async def stream_connected(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, listener_name: str
    ) -> None:
        if not self._connections.add(writer):
            writer.transport.abort()
            return
        try:
            await self._client_connected(listener_name, Reader(reader, self._large), Writer(writer))
        finally:
            self._connections.remove(writer)
            writer.transport.abort()

    async def add_subscription(self, subscription: tuple[str, int], session: Session) -> int:
        topic_filter, qos = subscription
        own = state(session).filters
        if topic_filter not in own and (len(own) >= MOST_FILTERS or len(topic_filter) > LONGEST_FILTER):
            problem = f"a session has at most {MOST_FILTERS} filters, each of at most {LONGEST_FILTER} characters"
            log.info("subscription refused", problem=problem, username=session.username)
            return REFUSED
        granted: int = await super().add_subscription((topic_filter, min(qos, QOS_1)), session)
        if granted != REFUSED:
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
        async with AsyncExitStack() as refused:
            refused.push_async_callback(writer.close)
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    conversation, session = await self._greeted(reader, writer)
                    await self._let_in(session, writer)
                    await self._make_way(session)
                    # Last, and nothing is waited for behind it: who came with the same client id meanwhile gives way.
                    await self._take_over(session.client_id)
            except (AMQTTError, MQTTError, Malformed, OSError) as error:
                problem = str(error) or "no CONNECT in time"
                # A probe closes its connection without a byte.
                is_probe = isinstance(error, Malformed) and not reader.packets.begun
                (log.debug if is_probe else log.info)("not let in", problem=problem)
                raise MQTTError(problem) from None
            resumed = await self._resumed(session)
            refused.pop_all()
        return conversation, resumed

    async def _greeted(self, reader: Reader, writer: Writer) -> tuple[ClientProtocol, Session]:
        """By its CONNECT."""
        try:
            connect = checked(await reader.packets.next(CONNECT_SECONDS))
        except Unsupported:
            writer.write(CONNACK_UNSUPPORTED)
            await writer.drain()
            raise MQTTError("a client of MQTT 5: the embedded broker speaks 3.1.1, --broker mosquitto both") from None
        self._connections.identified(writer.connection)
        conversation, session = await ClientProtocol.init_from_connect(connect, writer, self.plugins_manager)
        return conversation, session

    async def _let_in(self, session: Session, writer: Writer) -> None:
        username = session.username or ""
        try:
            login = await self._guard.admits(username, session.password or "")
        except AuthUnavailable:
            await ConnackPacket.build(0, SERVER_UNAVAILABLE).to_stream(writer)
            raise MQTTError("server away") from None
        if login is None:
            await ConnackPacket.build(0, NOT_AUTHORIZED).to_stream(writer)
            raise MQTTError(f"{self._guard.problem(username)}: {username:.200}")
        begin(session, login)
        # Nobody could say whose it is.
        session.clean_session = session.clean_session or not username

    async def _take_over(self, client_id: str) -> None:
        """End the connection that has this client id (MQTT-3.1.4-2)."""
        while conversation := self._connected_as(client_id):
            await conversation.handle_connection_closed()
            await conversation.over.wait()

    async def _resumed(self, session: Session) -> Session:
        """The client's session of before, where it was kept."""
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

    async def _make_way(self, new: Session) -> None:
        """Where there are too many of a device, of clients without a login, or of all, the oldest one ends."""
        most = MOST_OF_A_DEVICE if owner(new) else MOST_ANONYMOUS
        while len(of_the_same := [one for one in self._others(new) if _is_owned(one, new)]) >= most:
            await self._end_oldest(of_the_same)
        if len(self._sessions) >= MOST_SESSIONS and (
            away := [one for one in self._others(new) if not self.is_connected(one)]
        ):
            await self._end_oldest(away)

    async def _end_oldest(self, sessions: list[Session]) -> None:
        """One whose client is away, if there is any."""
        oldest = min(sessions, key=lambda one: (self.is_connected(one), one.last_connect_time or 0))
        log.info("session ended for a newer one", username=oldest.username, client_id=state(oldest).client_id)
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
        handler.prepare(reader.packets, self._room, self._arrive)
        try:
            client_session.transitions.connect()
            handler.attach(client_session, reader, writer)
            self._sessions[client_session.client_id] = (client_session, handler)
            self._opened(client_session)
            await handler.mqtt_connack_authorize(authorize=True)
            await handler.start()
            self.spreading.bring_up_to_date(client_session)
            self._is_listening(client_session)
            await self._client_message_loop(client_session, handler)
        finally:
            await self._end(client_session, handler)

    async def _handle_disconnect(self, client_session: Session, handler: ClientProtocol, *_waiter: object) -> None:
        """The connection is over: _end does what is to be done, whatever ended it."""

    async def _end(self, session: Session, conversation: ClientProtocol) -> None:
        await self._stop_handler(conversation)
        session.transitions.disconnect()
        if session.will_flag and not conversation.said_goodbye:
            self._arrive(session, last_will(session))
        session.will_flag = False
        conversation.over.set()
        if session.clean_session and self._sessions.get(session.client_id) == (session, conversation):
            await self._delete_session(session.client_id)

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        self.spreading.show_retained(session, *subscription)
        self._is_listening(session)

    def _is_listening(self, session: Session) -> None:
        """A device that listens can be reached: what waits for it comes now, whether it says that it is there or not."""
        if owner(session) and state(session).filters:
            self._arrived(session, InboundMessage(self._topics.heartbeat(session.username), b""), True)

    async def _topic_filtering(self, session: Session, topic: str, action: Action) -> bool:
        return self._may(session, topic, publishing=action is Action.PUBLISH)

    def _arrive(self, session: Session, arrival: InboundMessage) -> bool:
        allowed = self._may(session, arrival.topic, publishing=True)
        if not (allowed or session.username):
            # It has no topic to hear of it.
            log.info("published without a login", topic=arrival.topic[:200], client_id=state(session).client_id)
            return False
        if allowed and session.username:
            if arrival.retain:
                self.spreading.retained.put_bounded(owner(session), arrival.topic, arrival.payload)
            self.spreading.send(arrival.topic, arrival.payload, arrival.qos)
        self._arrived(session, arrival, allowed)
        return True

    def _all(self) -> Iterator[Session]:
        return (session for session, _ in self._sessions.values())

    def _others(self, new: Session) -> Iterator[Session]:
        """Those whose place it does not take."""
        return (session for session in self._all() if session.client_id != new.client_id)

    def _conversation(self, session: Session) -> ClientProtocol | None:
        """With who is connected."""
        return self._connected_as(session.client_id)

    def _connected_as(self, client_id: str) -> ClientProtocol | None:
        _, handler = self._sessions.get(client_id, (None, None))
        return handler if isinstance(handler, ClientProtocol) and not handler.over.is_set() else None

    def _hears(self, session: Session, topic: str) -> bool:
        return self._may(session, topic, publishing=False)

    def _may(self, session: Session, topic: str, *, publishing: bool) -> bool:
        known = state(session)
        return self._guard.allows(known.login, known.client_id, topic, publishing=publishing)


def _is_owned(one: Session, other: Session) -> bool:
    """Whether both are of the same device, or neither is of any and both have the same user name."""
    return _owner_of(state(one).login) == _owner_of(state(other).login)


def _owner_of(login: Login) -> tuple[int, str]:
    return login.device_id, "" if login.device_id else login.username
