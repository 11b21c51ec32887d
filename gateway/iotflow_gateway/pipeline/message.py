"""A message of the broker, and the rejection of a message."""

from collections.abc import Callable
from dataclasses import dataclass, field

from iotflow_gateway.topics import Address


class Rejected(Exception):
    """reason: a code for programs. message: a sentence for people. index: position of the reading in the payload, if it is known.
    field: path within the reading, or within the payload. retryable: whether the same message may be accepted later. is_notice:
    nothing is rejected, and the device is informed of a change to its data."""

    def __init__(
        self,
        reason: str,
        message: str,
        *,
        field: str = "",
        index: int | None = None,
        retryable: bool = False,
        is_notice: bool = False,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.field = field
        self.index = index
        self.retryable = retryable
        self.is_notice = is_notice

    @property
    def path(self) -> str:
        """Index and field in one text: [3].data.t."""
        if self.index is None:
            return self.field
        return f"[{self.index}].{self.field}" if self.field else f"[{self.index}]"


@dataclass(slots=True)
class ConnectionKey:
    """api_key: the last valid key in the messages of a connection without a login."""

    api_key: str = ""


@dataclass(slots=True, eq=False)
class StoredSession:
    """A session that the server stores. connection: the number of its connection. is_ended: it has ended at this endpoint. is_lost:
    another endpoint holds it, or it has ended there. on_lost: called then. answered_until: the latest time of a message that was
    acknowledged; received_until: of one whose acknowledgement the client has, as the server knows."""

    id: int
    connection: int
    is_ended: bool = False
    is_lost: bool = False
    on_lost: Callable[[], None] | None = None
    answered_until: int = 0
    received_until: int = 0

    def lose(self) -> None:
        """Record that this endpoint does not hold the session any more."""
        if not self.is_lost:
            self.is_lost = True
            if self.on_lost:
                self.on_lost()


@dataclass(slots=True)
class Delivery:
    """A delivery of a message that its client sends again if the acknowledgement is lost. is_resent: whether it may have arrived
    before. connection: the session's, on which it arrived. time: of its first reading without one, as the server stores it; 0: there is
    none."""

    session: StoredSession
    is_resent: bool
    connection: int
    time: int = 0


@dataclass(slots=True, eq=False)
class Message:
    """topic, payload: as published. device_id: the publisher, if the broker or the message's key identifies it; 0: the address does.
    connection_key: None if the broker does not tell connections apart. message_id: given by the device, or empty; item_ids: of the
    readings of a list, by position. correlation: MQTT 5's correlation data, or empty. is_replay: retained before the adapter
    subscribed. mid, qos: of the delivery to the adapter. pending_parts: number of parts that the server has not answered.
    rejected: the first rejection of the message or of a part of it. stored_values: of its readings, those that are sent to the server
    and not rejected. delivery: None if no client sends the message again."""

    topic: str
    address: Address
    payload: bytes
    mid: int
    qos: int
    device_id: int = 0
    connection_key: ConnectionKey | None = None
    content_type: str = ""
    message_id: str = ""
    item_ids: dict[int, str] = field(default_factory=dict)
    correlation: bytes = b""
    is_replay: bool = False
    pending_parts: int = 0
    rejections: int = 0
    rejected: Rejected | None = None
    stored_values: int = 0
    is_finished: bool = False
    delivery: Delivery | None = None

    @property
    def is_partly_stored(self) -> bool:
        """Whether at least one value of a message is stored, once the server has answered."""
        return self.stored_values > 0


@dataclass(frozen=True, slots=True)
class Callbacks:
    """reject: called with a message and the reason why a part of it is not stored. finish: called once for each message, when its
    processing is complete and it can be acknowledged."""

    reject: Callable[[Message, Rejected], None]
    finish: Callable[[Message], None]
