"""The embedded broker as a Broker of the adapter. A client's message is acknowledged when its processing is complete."""

import asyncio
import logging

import structlog
from amqtt.contexts import BrokerConfig, ListenerConfig
from amqtt.errors import BrokerError
from amqtt.session import Session

from iotflow_gateway.accounts.directory import DeviceAccount
from iotflow_gateway.broker import BrokerDelivery, OnMessage
from iotflow_gateway.embedded.access_control import AccessControl
from iotflow_gateway.embedded.connection_review import ConnectionReview
from iotflow_gateway.embedded.session_state import InboundMessage, device_of, state
from iotflow_gateway.embedded.sessions import Sessions
from iotflow_gateway.pipeline.message import Message
from iotflow_gateway.pipeline.message_queues import MOST_BYTES
from iotflow_gateway.topics import Topics

log = structlog.get_logger(__name__)


class EmbeddedBroker:
    """window: largest number of messages in processing."""

    def __init__(self, host: str, port: int, access: AccessControl, topics: Topics, window: int) -> None:
        self._address = f"{host}:{port}"
        self._access = access
        self._topics = topics
        self._window = window
        self._sessions: Sessions | None = None
        self._review = ConnectionReview(access)
        self._unfinished: dict[Message, InboundMessage] = {}
        self._bytes = 0
        self._may_read = asyncio.Event()
        self._may_read.set()
        self._is_listening = asyncio.Event()

    @property
    def waiting(self) -> int:
        """Number of messages that are not acknowledged."""
        return len(self._unfinished)

    async def connected(self) -> None:
        """Wait until clients can connect."""
        await self._is_listening.wait()

    async def lost(self) -> None:
        """Wait forever: the broker ends with the adapter."""
        await asyncio.Event().wait()

    @property
    def session_present(self) -> bool:
        """True: the broker has all messages that this process retained."""
        return True

    async def run(self, on_message: OnMessage) -> None:
        """Run until cancelled. Raises OSError if the broker cannot listen on its port."""
        # amqtt logs each client that closes its connection without DISCONNECT.
        logging.getLogger("amqtt").setLevel(logging.ERROR)
        config = BrokerConfig(listeners={"default": ListenerConfig(bind=self._address)}, plugins={})
        sessions = Sessions(
            config,
            access=self._access,
            topics=self._topics,
            on_inbound=lambda *inbound: on_message(self._accept(*inbound)),
            may_read=self._may_read,
            on_opened=self._review.schedule_session,
        )
        try:
            await sessions.start()
        except BrokerError as error:
            raise OSError(str(error)) from None
        log.info("broker_listening", address=self._address)
        self._sessions = sessions
        self._is_listening.set()
        try:
            await self._review.run(sessions)
        finally:
            await sessions.shutdown()

    def account_changed(self, before: DeviceAccount | None, after: DeviceAccount | None) -> None:
        """Review the connections of a device that was added, changed or removed."""
        if changed := after or before:
            self._review.schedule(changed.device_id, removed=after is None)

    def finish(self, message: Message) -> None:
        """Acknowledge a message to its client."""
        self._unfinished.pop(message).finished.set()
        self._bytes -= len(message.payload)
        self._limit_reading()

    def publish(self, topic: str, payload: bytes) -> bool:
        """Send a message with QoS 1. False: the broker does not run, or too many deliveries are in progress."""
        return self._sessions is not None and self._sessions.fanout.publish(topic, payload, 1)

    async def deliver(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        expiry: int | None = None,  # noqa: ARG002
        device_id: int = 0,
    ) -> BrokerDelivery:
        """Send a message with QoS 1 to the connected subscribers. The message is not queued for others, so that it needs no expiry."""
        if self._sessions is None:
            return BrokerDelivery.NO_SUBSCRIBER
        fanout = self._sessions.fanout
        if retain:
            fanout.retained.put(device_id, topic, payload)
        is_received = await fanout.deliver(topic, payload, 1, only=device_id)
        return BrokerDelivery.RECEIVED if is_received else BrokerDelivery.NO_SUBSCRIBER

    def _accept(self, session: Session, inbound: InboundMessage, is_allowed: bool) -> Message:
        message = self._message(session, inbound, is_allowed=is_allowed)
        self._unfinished[message] = inbound
        self._bytes += len(message.payload)
        self._limit_reading()
        return message

    def _limit_reading(self) -> None:
        if len(self._unfinished) < self._window and self._bytes < MOST_BYTES:
            self._may_read.set()
        else:
            self._may_read.clear()

    def _message(self, session: Session, inbound: InboundMessage, *, is_allowed: bool) -> Message:
        username = session.username or ""
        if not is_allowed:
            address = self._topics.foreign(username)
        else:
            address = self._topics.parse(inbound.topic) if username else self._topics.keyed(inbound.topic)
        message = Message(inbound.topic, address, inbound.payload, inbound.packet_id, inbound.qos)
        message.device_id = device_of(session)
        message.connection_key = state(session).connection_key
        return message
