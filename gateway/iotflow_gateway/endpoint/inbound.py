"""What a client publishes: topic aliases, QoS, and the acknowledgements in the order of arrival."""

from iotflow_gateway.endpoint.connection import Connection
from iotflow_gateway.endpoint.incoming import InboundMessage, IncomingMessages
from iotflow_gateway.endpoint.limits import (
    LONGEST_ALIASED,
    MOST_ALIASES,
    MOST_UNACKNOWLEDGED,
    MOST_UNACKNOWLEDGED_BYTES,
)
from iotflow_gateway.endpoint.reading import Hold
from iotflow_gateway.endpoint.refusals import explanation, reason_of
from iotflow_gateway.endpoint.session import Known, Session
from iotflow_gateway.mqtt import (
    NO_PROPERTIES,
    MalformedPacket,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    ReasonCode,
    Version,
)
from iotflow_gateway.mqtt.reason_codes import FIRST_FAILURE
from iotflow_gateway.pipeline.message import Delivery, Message
from iotflow_gateway.pipeline.message_queues import Unacknowledged

_QOS_2 = 2
# A success without properties, in all versions.
_PUBACK, _PUBREC = b"\x40\x02", b"\x50\x02"


class Inbound:
    """explains: whether the client wants reason strings (MQTT 5, 3.1.2.11.7)."""

    def __init__(self, connection: Connection, session: Session, incoming: IncomingMessages, *, explains: bool) -> None:
        self._connection = connection
        self._session = session
        self._incoming = incoming
        self._explains = explains
        self._is_v5 = connection.version is Version.V5
        self._unacknowledged = Unacknowledged(self._acknowledge)
        self._aliases: dict[int, str] = {}
        # Messages of QoS 1 and 2 of this connection, as the receive maximum counts them.
        self._unanswered = 0

    def receive(self, publish: Publish) -> None:
        """Process a PUBLISH. Raises MalformedPacket if it violates the protocol, or a limit."""
        if publish.qos and self._session.is_lost:
            # The client sends it again at the endpoint that has the session.
            return
        topic = self._topic(publish) if self._is_v5 else publish.topic
        message = self._incoming.message(self._session, publish, topic)
        if not message.is_allowed and not self._session.login.username:
            # It cannot be informed of a rejection [MQTT-3.3.5-2] of MQTT 3.1.1.
            problem = f"a client without a login may not publish to {topic:.200}"
            raise MalformedPacket(problem, ReasonCode.NOT_AUTHORIZED)
        if publish.qos:
            message.receipts = self
            is_known = publish.qos == _QOS_2 or self._session.expiry > 0
            if is_known and self._is_repeated(publish, message):
                return
            self._add(message)
            if self._session.stored:
                message.delivery = Delivery(self._session.stored, publish.is_dup, self._session.stored.connection)
        self._incoming.accept(self._session, message, publish.properties, is_retained=publish.is_retained)

    def release(self, pubrel: Pubrel) -> None:
        """The client releases the identifier of a message of QoS 2: method B of MQTT 3.1.1, section 4.3.3."""
        known = self._session.unreleased.pop(pubrel.packet_id, None)
        code = ReasonCode.SUCCESS if known else ReasonCode.PACKET_IDENTIFIER_NOT_FOUND
        self._record_answer()
        self._connection.write(Pubcomp(pubrel.packet_id, code).encode(self._connection.version))

    def finish(self, message: Message) -> None:
        """Acknowledge a message whose processing is complete, and those before it."""
        self._unacknowledged.finish(message)
        if not self._is_over_limit:
            self._connection.release(Hold.OWN_WINDOW)

    @property
    def _is_over_limit(self) -> bool:
        """Whether nothing is read. CONNACK states the number to a client of MQTT 5, so that more of them are an error."""
        is_over_number = not self._is_v5 and len(self._unacknowledged) >= MOST_UNACKNOWLEDGED
        return is_over_number or self._unacknowledged.bytes >= MOST_UNACKNOWLEDGED_BYTES

    def _add(self, message: InboundMessage) -> None:
        if self._is_v5 and self._unanswered >= MOST_UNACKNOWLEDGED:
            # 3.3.4
            problem = f"more than {MOST_UNACKNOWLEDGED} messages without an acknowledgement"
            raise MalformedPacket(problem, ReasonCode.RECEIVE_MAXIMUM_EXCEEDED)
        self._unanswered += 1
        self._unacknowledged.add(message)
        if self._is_over_limit:
            self._connection.hold(Hold.OWN_WINDOW)

    def _record_answer(self) -> None:
        """Record PUBACK, PUBCOMP, or PUBREC with a failure."""
        self._unanswered = max(0, self._unanswered - 1)

    def _is_repeated(self, publish: Publish, message: InboundMessage) -> bool:
        """Whether the message was received before. Its identifier is kept until PUBREL, or until PUBACK is sent."""
        session, digest = self._session, hash((message.topic, message.payload))
        known = session.unreleased if publish.qos == _QOS_2 else session.unanswered
        first = known.get(publish.packet_id)
        if first and publish.is_dup and first.digest == digest:
            self._add(message)
            if first.message.is_finished:
                message.copy_outcome(first.message)
                self.finish(message)
            else:
                first.message.repeats.append(message)
            return True
        if first is None and len(known) >= MOST_UNACKNOWLEDGED:
            if publish.qos == _QOS_2:
                problem = f"{MOST_UNACKNOWLEDGED} messages of QoS 2 are not released: the limit is reached"
                raise MalformedPacket(problem, ReasonCode.RECEIVE_MAXIMUM_EXCEEDED)
            # The oldest is of an earlier connection, and the client has not sent it again.
            del known[next(iter(known))]
        known[publish.packet_id] = Known(digest, message)
        return False

    def _topic(self, publish: Publish) -> str:
        """The topic of a message, by its alias if it has one (MQTT 5, 3.3.2.3.4)."""
        if "subscription_identifiers" in publish.properties:
            # [MQTT-3.3.4-6]
            raise MalformedPacket("a client's message with a subscription identifier", ReasonCode.PROTOCOL_ERROR)
        alias = publish.properties.get("topic_alias")
        if alias is None:
            return publish.topic
        if alias > MOST_ALIASES or len(publish.topic) > LONGEST_ALIASED:
            problem = f"topic aliases are at most {MOST_ALIASES}, for topics of at most {LONGEST_ALIASED} characters"
            raise MalformedPacket(problem, ReasonCode.TOPIC_ALIAS_INVALID)
        if publish.topic:
            self._aliases[alias] = publish.topic
        elif alias not in self._aliases:
            raise MalformedPacket(f"the topic alias {alias} stands for no topic", ReasonCode.PROTOCOL_ERROR)
        return self._aliases[alias]

    def _acknowledge(self, message: Message) -> None:
        if self._session.is_lost:
            return
        if message.delivery:
            stored = message.delivery.session
            stored.answered_until = max(stored.answered_until, message.delivery.time)
        packet_id, is_qos_1 = message.mid, message.qos == 1
        # The session may know the message for a long time.
        message.payload = b""
        if is_qos_1 and not self._connection.is_closed:
            self._session.unanswered.pop(packet_id, None)
        code = reason_of(message) if self._is_v5 else ReasonCode.SUCCESS
        if is_qos_1 or code >= FIRST_FAILURE:
            self._record_answer()
        if message.rejected is None or not self._is_v5:
            self._connection.write((_PUBACK if is_qos_1 else _PUBREC) + packet_id.to_bytes(2, "big"))
            return
        if not is_qos_1 and code >= FIRST_FAILURE:
            # No PUBREL follows (4.3.3).
            self._session.unreleased.pop(packet_id, None)
        properties = explanation(message.rejected) if self._explains else NO_PROPERTIES
        answer = (Puback if is_qos_1 else Pubrec)(packet_id, code, properties)
        self._connection.write(answer.encode(Version.V5))
