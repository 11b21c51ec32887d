"""A message as a client of the embedded broker sent it."""

import asyncio
from dataclasses import dataclass, field

from amqtt.session import Session

from iotflow_gateway.embedded.packets import Published


@dataclass(slots=True, eq=False)
class InboundMessage:
    """repeated: sent before, and not acknowledged then. settled: nothing more will be done about it; answered: it was
    acknowledged."""

    topic: str
    payload: bytes
    qos: int = 0
    packet_id: int = 0
    retain: bool = False
    repeated: bool = False
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    answered: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class Unreleased:
    """A message of QoS 2 whose packet id the client still holds; not its payload."""

    digest: int
    settled: asyncio.Event

    @classmethod
    def of(cls, inbound_message: InboundMessage) -> "Unreleased":
        return cls(_digest(inbound_message), inbound_message.settled)

    def is_same(self, inbound_message: InboundMessage) -> bool:
        """Whether it is this one, sent once more."""
        return inbound_message.repeated and self.digest == _digest(inbound_message)


def inbound_message(published: Published) -> InboundMessage:
    """The message of a PUBLISH."""
    return InboundMessage(
        published.topic, published.payload, published.qos, published.packet_id, published.retain, published.repeated
    )


def last_will(session: Session) -> InboundMessage:
    """What a client asked to have published when it is gone."""
    topic, payload = session.will_topic or "", bytes(session.will_message or b"")
    return InboundMessage(topic, payload, session.will_qos or 0, retain=bool(session.will_retain))


def _digest(inbound_message: InboundMessage) -> int:
    return hash((inbound_message.topic, inbound_message.payload))
