"""The embedded broker as the adapter sees it: what a client sent is acknowledged to the client once it is finished with."""

import asyncio
import logging
from collections.abc import Callable

import structlog
from amqtt.contexts import BrokerConfig, ListenerConfig
from amqtt.errors import BrokerError
from amqtt.session import Session

from iotflow_gateway.accounts.directory import Account
from iotflow_gateway.broker import BrokerDelivery
from iotflow_gateway.embedded.arrival import InboundMessage
from iotflow_gateway.embedded.guard import Guard
from iotflow_gateway.embedded.revision import ConnectionReview
from iotflow_gateway.embedded.sessions import Sessions
from iotflow_gateway.embedded.state import owner, state
from iotflow_gateway.pipeline.message import MOST_BYTES, Message
from iotflow_gateway.topics import Topics

log = structlog.get_logger(__name__)


class EmbeddedBroker:
    """take: called with each message as it comes; finish() is owed for each. window: messages taken and not finished, at the
    most."""

    def __init__(
        self,
        host: str,
        port: int,
        guard: Guard,
        topics: Topics,
        take: Callable[[Message], None],
        window: int,
    ) -> None:
        self._address = f"{host}:{port}"
        self._guard = guard
        self._topics = topics
        self._take = take
        self._window = window
        self._sessions: Sessions | None = None
        self._revision = ConnectionReview(guard)
        self._arrivals: dict[Message, InboundMessage] = {}
        self._bytes = 0
        self._room = asyncio.Event()
        self._room.set()
        self._listens = asyncio.Event()

    @property
    def waiting(self) -> int:
        """Messages that are not yet acknowledged."""
        return len(self._arrivals)

    async def connected(self) -> None:
        """Wait until messages may come in."""
        await self._listens.wait()

    async def lost(self) -> None:
        """Never: it ends with the adapter."""
        await asyncio.Event().wait()

    @property
    def remembers(self) -> bool:
        """What it was told by this adapter, it has."""
        return True

    async def run(self) -> None:
        """Until cancelled. Raises OSError where it cannot listen."""
        # It would write a line for every client that breaks off.
        logging.getLogger("amqtt").setLevel(logging.ERROR)
        config = BrokerConfig(listeners={"default": ListenerConfig(bind=self._address)}, plugins={})
        sessions = Sessions(config, self._guard, self._topics, self._arrived, self._room, self._revision.opened)
        try:
            await sessions.start()
        except BrokerError as error:
            raise OSError(str(error)) from None
        log.info("broker listens", address=self._address)
        self._sessions = sessions
        self._listens.set()
        try:
            await self._revision.run(sessions)
        finally:
            await sessions.shutdown()

    def account_changed(self, before: Account | None, after: Account | None) -> None:
        """A device was made, changed or removed."""
        if changed := after or before:
            self._revision.suspect(changed.device_id, removed=after is None)

    def finish(self, message: Message) -> None:
        """Nothing more will be done about the message: acknowledge it to the client."""
        self._arrivals.pop(message).settled.set()
        self._bytes -= len(message.payload)
        self._keep_room()

    def publish(self, topic: str, payload: bytes) -> bool:
        """Send a message of QoS 1; False: too much is under way."""
        return self._sessions is not None and self._sessions.spreading.send(topic, payload, 1)

    async def deliver(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        expiry: int | None = None,  # noqa: ARG002
        device_id: int = 0,
    ) -> BrokerDelivery:
        """Send a message of QoS 1; HEARD: somebody has it. Nothing expires here: what nobody hears now is not kept."""
        if self._sessions is None:
            return BrokerDelivery.UNHEARD
        spreading = self._sessions.spreading
        if retain:
            spreading.retained.put(device_id, topic, payload)
        heard = await spreading.spread(topic, payload, 1, only=device_id)
        return BrokerDelivery.HEARD if heard else BrokerDelivery.UNHEARD

    def _arrived(self, session: Session, arrival: InboundMessage, allowed: bool) -> None:
        message = self._message(session, arrival, allowed=allowed)
        self._arrivals[message] = arrival
        self._bytes += len(message.payload)
        self._keep_room()
        self._take(message)

    def _keep_room(self) -> None:
        if len(self._arrivals) < self._window and self._bytes < MOST_BYTES:
            self._room.set()
        else:
            self._room.clear()

    def _message(self, session: Session, arrival: InboundMessage, *, allowed: bool) -> Message:
        username = session.username or ""
        if not allowed:
            address = self._topics.elsewhere(username)
        else:
            address = self._topics.parse(arrival.topic) if username else self._topics.keyed(arrival.topic)
        message = Message(arrival.topic, address, arrival.payload, arrival.packet_id, arrival.qos)
        message.device_id = owner(session)
        message.shown = state(session).shown
        return message
