"""What the rest of the adapter knows of a broker."""

from enum import Enum, auto
from typing import Protocol

from iotflow_gateway.pipeline.message import Message


class CannotConnect(Exception):
    """The broker is away, or refuses; the message says why."""


class BrokerDelivery(Enum):
    """What the broker says to a message: somebody listens, nobody does, or nothing (MQTT 3.1.1 has no words for it)."""

    HEARD = auto()
    UNHEARD = auto()
    UNKNOWN = auto()


class Broker(Protocol):
    """Whoever makes one gives it a function that is called with each message as it comes; finish() is owed for each."""

    @property
    def waiting(self) -> int:
        """Messages that are not yet acknowledged."""
        ...

    async def run(self) -> None:
        """Until cancelled."""
        ...

    async def connected(self) -> None:
        """Wait until messages come in."""
        ...

    async def lost(self) -> None:
        """Wait until they come in no more."""
        ...

    @property
    def remembers(self) -> bool:
        """Whether the broker that is connected knew the adapter: if not, what is retained may be gone as well."""
        ...

    def finish(self, message: Message) -> None:
        """Nothing more will be done about the message: let it be forgotten where it came from."""
        ...

    def publish(self, topic: str, payload: bytes) -> bool:
        """Send a message of QoS 1; False: the broker is away, or too much waits for it already."""
        ...

    async def deliver(
        self,
        topic: str,
        payload: bytes,
        *,
        retain: bool = False,
        expiry: int | None = None,
        device_id: int = 0,
    ) -> BrokerDelivery:
        """Send a message of QoS 1 and wait for the broker's word. expiry: seconds. device_id: for this device alone, whatever name
        stands in the topic, where the broker can tell. Raises CannotConnect."""
        ...
