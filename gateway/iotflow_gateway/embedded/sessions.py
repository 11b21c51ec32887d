"""The clients of the embedded broker: who is let in, and the session of each."""

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AsyncExitStack

import structlog
from amqtt.adapters import ReaderAdapter, WriterAdapter
from amqtt.broker import Broker
from amqtt.contexts import Action, BrokerConfig
from amqtt.errors import AMQTTError, MQTTError
from amqtt.mqtt.connack import NOT_AUTHORIZED, SERVER_UNAVAILABLE, ConnackPacket
from amqtt.mqtt.constants import QOS_1
from amqtt.session import Session

from iotflow_gateway.embedded.arrival import Arrival, last_will
from iotflow_gateway.embedded.conversation import Conversation, Throttled
from iotflow_gateway.embedded.foresight import CONNACK_UNSUPPORTED, Foresight
from iotflow_gateway.embedded.guard import Guard, Undecided
from iotflow_gateway.embedded.spreading import Spreading
from iotflow_gateway.topics import Topics

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 10.0
# The protocol level of MQTT 5.
NEWER = 5

# Called with a message of a session, and whether its client may publish it.
Arrived = Callable[[Session, Arrival, bool], None]


class Sessions(Broker):
    """amqtt's broker with other rules: the guard lets in, a session is resumed by its owner only, and who comes with the client id
    of another connection takes its place once it is let in. room: set while messages may come."""

    def __init__(
        self, config: BrokerConfig, guard: Guard, topics: Topics, arrived: Arrived, room: asyncio.Event
    ) -> None:
        super().__init__(config)
        self._topics = topics
        self._guard = guard
        self._arrived = arrived
        self._room = room
        self.spreading = Spreading(self._subscriptions, self._conversation, self._hears, self._matches)

    async def cut_off(self) -> None:
        """Those who are connected and may not be any more."""
        for session, handler in list(self._sessions.values()):
            if self._conversation(session) and self._guard.is_cut_off(session.username or ""):
                log.info("cut off", username=session.username)
                await handler.handle_connection_closed()

    async def shutdown(self) -> None:
        await super().shutdown()
        await self.spreading.close()

    async def add_subscription(self, subscription: tuple[str, int], session: Session) -> int:
        topic_filter, qos = subscription
        granted: int = await super().add_subscription((topic_filter, min(qos, QOS_1)), session)
        return granted

    async def _initialize_client_session(
        self, reader: ReaderAdapter, writer: WriterAdapter, *_remote: object
    ) -> tuple[Conversation, Session]:
        async with AsyncExitStack() as refused:
            refused.push_async_callback(_close, writer)
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    foresight = Foresight(reader)
                    await _check_version(foresight, writer)
                    conversation, session = await Conversation.init_from_connect(
                        foresight, writer, self.plugins_manager
                    )
                    await self._let_in(session, writer)
                    await self._take_over(session.client_id)
            except (AMQTTError, MQTTError, OSError) as error:
                problem = str(error) or "no CONNECT in time"
                log.info("not let in", problem=problem)
                raise MQTTError(problem) from None
            refused.pop_all()
        return conversation, await self._resumed(session)

    async def _let_in(self, session: Session, writer: WriterAdapter) -> None:
        try:
            code = None if await self._guard.admits(session.username or "", session.password or "") else NOT_AUTHORIZED
        except Undecided:
            code = SERVER_UNAVAILABLE
        if code is not None:
            await ConnackPacket.build(0, code).to_stream(writer)
            problem = self._guard.problem(session.username or "")
            raise MQTTError(f"{problem}: {session.username}" if code == NOT_AUTHORIZED else "server away")

    async def _take_over(self, client_id: str) -> None:
        """End the connection that has this client id (MQTT-3.1.4-2)."""
        session, _ = self._sessions.get(client_id, (None, None))
        if session and (conversation := self._conversation(session)):
            await conversation.handle_connection_closed()
            await conversation.over.wait()

    async def _resumed(self, session: Session) -> Session:
        """The client's session of before, where it was kept and is its own."""
        before, _ = self._sessions.get(session.client_id, (None, None))
        if before is None or before.clean_session or session.clean_session or before.username != session.username:
            await self._delete_session(session.client_id)
            return session
        for name in ("will_flag", "will_topic", "will_message", "will_qos", "will_retain", "keep_alive"):
            setattr(before, name, getattr(session, name))
        before.parent = 1
        return before

    async def _handle_client_session(
        self,
        reader: ReaderAdapter,
        writer: WriterAdapter,
        client_session: Session,
        handler: Conversation,
        *_listener: object,
    ) -> None:
        handler.prepare(self._arrive)
        try:
            client_session.transitions.connect()
            handler.attach(client_session, Throttled(reader, self._room), writer)
            self._sessions[client_session.client_id] = (client_session, handler)
            await handler.mqtt_connack_authorize(authorize=True)
            await handler.start()
            self.spreading.bring_up_to_date(client_session)
            self._is_listening(client_session)
            await self._client_message_loop(client_session, handler)
        finally:
            handler.over.set()

    async def _handle_disconnect(self, client_session: Session, handler: Conversation, *_waiter: object) -> None:
        await self._stop_handler(handler)
        client_session.transitions.disconnect()
        if client_session.will_flag and not handler.said_goodbye:
            self._arrive(client_session, last_will(client_session))
        client_session.will_flag = False

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        self.spreading.show_retained(session, *subscription)
        self._is_listening(session)

    def _is_listening(self, session: Session) -> None:
        """A device that listens can be reached: what waits for it comes now, whether it says that it is there or not."""
        listens = any(one is session for subscribed in self._subscriptions.values() for one, _ in subscribed)
        if listens and self._guard.is_device(session.username or ""):
            self._arrived(session, Arrival(None, self._topics.heartbeat(session.username), 0, b""), True)

    async def _topic_filtering(self, session: Session, topic: str, action: Action) -> bool:
        return self._may(session, topic, publishing=action is Action.PUBLISH)

    def _arrive(self, session: Session, arrival: Arrival) -> bool:
        allowed = self._may(session, arrival.topic, publishing=True)
        if not (allowed or session.username):
            # It has no topic to hear of it.
            log.info("published without a login", topic=arrival.topic, client_id=session.client_id)
            return False
        if allowed:
            if arrival.retain:
                self.spreading.retain(arrival.topic, arrival.payload)
            self.spreading.send(arrival.topic, arrival.payload, arrival.qos or 0)
        self._arrived(session, arrival, allowed)
        return True

    def _conversation(self, session: Session) -> Conversation | None:
        """With who is connected."""
        _, handler = self._sessions.get(session.client_id, (None, None))
        return handler if isinstance(handler, Conversation) and not handler.over.is_set() else None

    def _hears(self, session: Session, topic: str) -> bool:
        return self._may(session, topic, publishing=False)

    def _may(self, session: Session, topic: str, *, publishing: bool) -> bool:
        return self._guard.allows(session.username or "", session.client_id, topic, publishing=publishing)


async def _check_version(foresight: Foresight, writer: WriterAdapter) -> None:
    if await foresight.level() == NEWER:
        writer.write(CONNACK_UNSUPPORTED)
        await writer.drain()
        raise MQTTError("a client of MQTT 5: the embedded broker speaks 3.1.1, --broker mosquitto both")


async def _close(writer: WriterAdapter) -> None:
    # The client may have gone by then.
    with contextlib.suppress(OSError):
        await writer.close()
