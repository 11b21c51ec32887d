"""Messages of clients on their way into the pipeline."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from iotflow_gateway.endpoint.access_control import AccessControl
from iotflow_gateway.endpoint.fanout import Fanout
from iotflow_gateway.endpoint.limits import LONGEST_REMEMBERED, MOST_ADDRESSES
from iotflow_gateway.endpoint.publication import publication
from iotflow_gateway.endpoint.session import Session
from iotflow_gateway.mqtt import Properties, Publish, Will
from iotflow_gateway.pipeline.message import Message
from iotflow_gateway.pipeline.message_properties import add_properties
from iotflow_gateway.pipeline.message_queues import MOST_BYTES
from iotflow_gateway.topics import Address, Topics

log = structlog.get_logger(__name__)


class Receipts(Protocol):
    """Answers the client of a message."""

    def finish(self, message: Message) -> None:
        """Acknowledge a message whose processing is complete."""
        ...


@dataclass(slots=True, eq=False)
class InboundMessage(Message):
    """A message of a client. is_allowed: whether the client may publish to the topic. receipts: of its connection; None: no client
    waits for an acknowledgement. repeats: the same message of QoS 2, sent again before it was acknowledged."""

    is_allowed: bool = True
    receipts: Receipts | None = None
    repeats: "list[InboundMessage]" = field(default_factory=list)

    def finish(self) -> None:
        """Acknowledge the message, and its repetitions with the same outcome."""
        for one in (self, *self.repeats):
            if one.receipts:
                one.copy_outcome(self)
                one.receipts.finish(one)

    def copy_outcome(self, other: Message) -> None:
        """Take over what became of the same message."""
        self.rejected, self.stored_values = other.rejected, other.stored_values


class IncomingMessages:
    """Bounds the messages in processing. window: their number. on_room: called when there is room again."""

    def __init__(
        self,
        *,
        access: AccessControl,
        topics: Topics,
        fanout: Fanout,
        window: int,
        on_message: Callable[[Message], None],
        on_room: Callable[[], None],
    ) -> None:
        self._access = access
        self._topics = topics
        self._fanout = fanout
        self._window = window
        self._on_message = on_message
        self._on_room = on_room
        self.waiting = 0
        self._bytes = 0

    @property
    def is_full(self) -> bool:
        """Whether nothing may be read from clients."""
        return self.waiting >= self._window or self._bytes >= MOST_BYTES

    def _known_address(self, session: Session, topic: str) -> tuple[Address, bool]:
        """The address of a topic to which a client publishes, and whether it may. Sessions remember the last ones."""
        found = session.addresses.get(topic)
        if found is None:
            found = self._address(session, topic)
            if len(session.addresses) >= MOST_ADDRESSES:
                session.addresses.clear()
            if len(topic) <= LONGEST_REMEMBERED:
                session.addresses[topic] = found
        return found

    def _address(self, session: Session, topic: str) -> tuple[Address, bool]:
        username = session.login.username
        if not self._access.allows(session.login, session.client_id, topic, publishing=True):
            return self._topics.foreign(username), False
        return (self._topics.parse(topic) if username else self._topics.keyed(topic)), True

    def message(self, session: Session, publish: Publish, topic: str) -> InboundMessage:
        """The message of a PUBLISH. topic: with a topic alias resolved."""
        address, is_allowed = self._known_address(session, topic)
        message = InboundMessage(topic, address, publish.payload, publish.packet_id, publish.qos)
        message.is_allowed = is_allowed
        message.device_id = session.device_id
        message.connection_key = session.connection_key
        if publish.properties:
            add_properties(message, publish.properties)
        return message

    def accept(self, session: Session, message: InboundMessage, properties: Properties, *, is_retained: bool) -> None:
        """Process a message. Devices hear their own messages, if they subscribe to them."""
        is_heard = is_retained or self._fanout.may_have_subscribers(message.topic, message.address)
        if message.is_allowed and session.login.username and is_heard:
            self._send_on(session, message, properties, is_retained=is_retained)
        self._process(message)

    def finish(self, message: InboundMessage) -> None:
        """Record that the processing of a message is complete, and acknowledge it."""
        was_full = self.is_full
        self.waiting -= 1
        self._bytes -= len(message.payload)
        message.finish()
        if was_full and not self.is_full:
            self._on_room()

    def accept_will(self, session: Session, will: Will) -> None:
        """Process the last will of a client."""
        publish = Publish(will.topic, will.payload, will.qos, properties=will.properties)
        message = self.message(session, publish, will.topic)
        if message.is_allowed or session.login.username:
            self.accept(session, message, will.properties, is_retained=will.is_retained)

    def record_reachable(self, session: Session) -> None:
        """Report a heartbeat of a device with subscriptions, so that its waiting commands are sent at once."""
        if session.device_id and session.filters:
            topic = self._topics.heartbeat(session.login.username)
            self._process(InboundMessage(topic, self._topics.parse(topic), b"", 0, 0, session.device_id))

    def _process(self, message: InboundMessage) -> None:
        self.waiting += 1
        self._bytes += len(message.payload)
        self._on_message(message)

    def _send_on(self, session: Session, message: InboundMessage, properties: Properties, *, is_retained: bool) -> None:
        sent = publication(message.topic, message.payload, message.qos, properties, is_retained=is_retained)
        if is_retained:
            self._fanout.retained.put_bounded(session.device_id, sent)
        self._fanout.publish(sent, session)
