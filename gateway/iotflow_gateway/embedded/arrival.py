"""A message as a client of the embedded broker sent it."""

import asyncio

from amqtt.mqtt.constants import QOS_2
from amqtt.mqtt.publish import PublishPacket
from amqtt.session import IncomingApplicationMessage, Session

from iotflow_gateway.topics import is_published_to


class Arrival(IncomingApplicationMessage):
    """repeated: sent before, and not acknowledged then. settled: nothing more will be done about it; answered: it was
    acknowledged."""

    __slots__ = ("answered", "repeated", "settled")

    def __init__(
        self,
        packet_id: int | None,
        topic: str,
        qos: int,
        payload: bytes,
        *,
        retain: bool = False,
        repeated: bool = False,
    ) -> None:
        super().__init__(packet_id, topic, qos, payload, retain)
        self.repeated = repeated
        self.settled = asyncio.Event()
        self.answered = asyncio.Event()

    @property
    def payload(self) -> bytes:
        """As it was published."""
        return bytes(self.data)

    def is_same(self, other: "Arrival") -> bool:
        """Whether it is the other one, sent once more."""
        return self.repeated and (self.topic, self.data) == (other.topic, other.data)


def arrival(packet: PublishPacket) -> Arrival | None:
    """The message of a packet; None: the packet breaks the protocol (MQTT-3.3.1-4, 3.3.2-2, 4.7.3-1)."""
    topic, qos = packet.topic_name or "", packet.qos or 0
    if not is_published_to(topic) or qos > QOS_2:
        return None
    packet_id = packet.packet_id if qos else None
    return Arrival(packet_id, topic, qos, packet.data or b"", retain=packet.retain_flag, repeated=packet.dup_flag)


def last_will(session: Session) -> Arrival:
    """What a client asked to have published when it is gone."""
    topic, payload = session.will_topic or "", bytes(session.will_message or b"")
    return Arrival(None, topic, session.will_qos or 0, payload, retain=bool(session.will_retain))
