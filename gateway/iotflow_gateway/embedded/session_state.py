"""State of messages and sessions that amqtt does not have."""

import asyncio
from dataclasses import dataclass, field

from amqtt.session import Session

from iotflow_gateway.embedded.access_control import Login
from iotflow_gateway.embedded.packet_bodies import Published
from iotflow_gateway.pipeline.message import ConnectionKey

_KEY = "iotflow"


@dataclass(slots=True, eq=False)
class InboundMessage:
    """A message of a client. dup: the client sent it before. finished: set when its processing is complete. acknowledged: set when
    the client has been answered."""

    topic: str
    payload: bytes
    qos: int = 0
    packet_id: int = 0
    retain: bool = False
    dup: bool = False
    finished: asyncio.Event = field(default_factory=asyncio.Event)
    acknowledged: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class Unreleased:
    """A message of QoS 2 whose packet id the client has not released. digest: of its topic and payload."""

    digest: int
    finished: asyncio.Event

    @classmethod
    def of(cls, message: InboundMessage) -> "Unreleased":
        return cls(_digest(message), message.finished)

    def is_same(self, message: InboundMessage) -> bool:
        """Whether the message is a repetition of this one."""
        return message.dup and self.digest == _digest(message)


def inbound_message(published: Published) -> InboundMessage:
    """The message of a PUBLISH."""
    return InboundMessage(
        published.topic, published.payload, published.qos, published.packet_id, published.retain, published.dup
    )


def last_will(session: Session) -> InboundMessage:
    """The last will of a client."""
    topic, payload = session.will_topic or "", bytes(session.will_message or b"")
    return InboundMessage(topic, payload, session.will_qos or 0, retain=bool(session.will_retain))


def _digest(message: InboundMessage) -> int:
    return hash((message.topic, message.payload))


@dataclass(slots=True)
class State:
    """login: of the client's last connection. client_id: as the client sent it. filters: of its subscriptions. unreleased: by
    packet id. queued_bytes: of messages that wait for the client. connection_key: of a client without a login."""

    login: Login
    client_id: str = ""
    filters: set[str] = field(default_factory=set)
    unreleased: dict[int, Unreleased] = field(default_factory=dict)
    queued_bytes: int = 0
    connection_key: ConnectionKey = field(default_factory=ConnectionKey)


def state(session: Session) -> State:
    """The state of an admitted session."""
    found: State = session.attributes[_KEY]
    return found


def admit(session: Session, login: Login) -> None:
    """Add the state to a session. Its client id becomes one of its owner's, so that no other owner can take over the session."""
    client_id = session.client_id or ""
    session.attributes[_KEY] = State(login, client_id)
    session.client_id = f"{login.device_id or login.username}/{client_id}"


def device_of(session: Session) -> int:
    """The id of the session's device; 0: the session is not of a device."""
    return state(session).login.device_id


def has_same_owner(one: Session, other: Session) -> bool:
    """Whether the sessions are of the same device or, without a device, of the same user name."""
    return _owner(state(one).login) == _owner(state(other).login)


def _owner(login: Login) -> tuple[int, str]:
    return login.device_id, "" if login.device_id else login.username
