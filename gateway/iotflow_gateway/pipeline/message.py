"""A message as it came from the broker, and what is owed for it."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from iotflow_gateway.topics import Address

# Of payloads that are not acknowledged; no more is read then.
MOST_BYTES = 128 * 2**20


@dataclass(slots=True)
class Shown:
    """api_key: the last valid one in messages of the same connection, which had no login."""

    api_key: str = ""


@dataclass(slots=True, eq=False)
class Message:
    """topic, payload: as published. device_id: whose it is, where the broker knows or its key has told; 0: the address says.
    shown: see Shown; None: the broker does not tell connections apart. message_id: the device's own, or empty; listed_ids: those of
    readings in a list, by their place. correlation: MQTT 5's, or empty. stale: retained before the adapter subscribed. mid, qos: the
    broker's, of the delivery to the adapter. waiting: for how many parts of it the server has yet to answer."""

    topic: str
    address: Address
    payload: bytes
    mid: int
    qos: int
    device_id: int = 0
    shown: Shown | None = None
    content_type: str = ""
    message_id: str = ""
    listed_ids: dict[int, str] = field(default_factory=dict)
    correlation: bytes = b""
    stale: bool = False
    waiting: int = 0
    refusals: int = 0
    done: bool = False


class Unacknowledged:
    """Messages in the order in which they came: MQTT wants them acknowledged in it. acknowledge: sends PUBACK."""

    def __init__(self, acknowledge: Callable[[Message], None]) -> None:
        self._acknowledge = acknowledge
        self._messages: deque[Message] = deque()
        self._bytes = 0

    @property
    def bytes(self) -> int:
        """Of their payloads."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._messages)

    def add(self, message: Message) -> None:
        """It came."""
        self._messages.append(message)
        self._bytes += len(message.payload)

    def unfinished(self) -> list[Message]:
        """Those about which something is still to be done."""
        return [message for message in self._messages if not message.done]

    def finish(self, message: Message) -> None:
        """It is stored, or refused: nothing more will be done about it."""
        message.done = True
        messages = self._messages
        while messages and messages[0].done:
            self._bytes -= len(messages[0].payload)
            self._acknowledge(messages.popleft())
