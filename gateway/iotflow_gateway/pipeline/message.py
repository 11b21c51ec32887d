"""A message of the broker, and the messages that wait for their acknowledgement."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from iotflow_gateway.rejections.rejected import Rejected
from iotflow_gateway.topics import Address

# Payloads of unacknowledged messages, in all. Above it the adapter reads nothing from the broker.
MOST_BYTES = 128 * 2**20


@dataclass(slots=True)
class ConnectionKey:
    """api_key: the last valid key in the messages of a connection without a login."""

    api_key: str = ""


@dataclass(slots=True, eq=False)
class Message:
    """topic, payload: as published. device_id: the publisher, if the broker or the message's key identifies it; 0: the address does.
    connection_key: None if the broker does not tell connections apart. message_id: given by the device, or empty; item_ids: of the
    readings of a list, by position. correlation: MQTT 5's correlation data, or empty. is_replay: retained before the adapter
    subscribed. mid, qos: of the delivery to the adapter. pending_parts: number of parts that the server has not answered."""

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
    is_finished: bool = False


@dataclass(frozen=True, slots=True)
class Callbacks:
    """reject: called with a message and the reason why a part of it is not stored. finish: called once for each message, when its
    processing is complete and it can be acknowledged."""

    reject: Callable[[Message, Rejected], None]
    finish: Callable[[Message], None]


class Unacknowledged:
    """Messages in the order of arrival, which is the order of their acknowledgements in MQTT. acknowledge: sends PUBACK."""

    def __init__(self, acknowledge: Callable[[Message], None]) -> None:
        self._acknowledge = acknowledge
        self._messages: deque[Message] = deque()
        self._bytes = 0

    @property
    def bytes(self) -> int:
        """Size of all payloads."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._messages)

    def add(self, message: Message) -> None:
        """Record a message that arrived."""
        self._messages.append(message)
        self._bytes += len(message.payload)

    def unfinished(self) -> list[Message]:
        """Messages whose processing is not complete."""
        return [message for message in self._messages if not message.is_finished]

    def finish(self, message: Message) -> None:
        """Mark a message as processed; acknowledge it once all earlier ones are processed."""
        message.is_finished = True
        messages = self._messages
        while messages and messages[0].is_finished:
            self._bytes -= len(messages[0].payload)
            self._acknowledge(messages.popleft())
