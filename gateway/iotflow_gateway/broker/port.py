"""The interface of a broker to the rest of the adapter."""

from collections.abc import Callable
from enum import Enum, auto
from typing import Protocol

from iotflow_gateway.pipeline.message import Message

# Called with each message of the broker. `finish` must be called once for each.
OnMessage = Callable[[Message], None]


class CannotConnect(Exception):
    """The broker is unavailable, or rejects the adapter; the message has the cause."""


class LoginRejected(CannotConnect):
    """The broker does not know the adapter's name or password."""


class BrokerAccounts(Protocol):
    """The accounts at the broker, which depend on the adapter's own connection."""

    def connected(self) -> None:
        """Record that the adapter is connected to the broker."""
        ...

    def disconnected(self) -> None:
        """Record that the adapter is not connected."""
        ...

    async def renew_login(self) -> None:
        """Give the adapter its login again, because the broker rejects it."""
        ...


class BrokerDelivery(Enum):
    """The broker's answer to a message. UNKNOWN: MQTT 3.1.1 has no answer that tells the others apart."""

    RECEIVED = auto()
    NO_SUBSCRIBER = auto()
    UNKNOWN = auto()


class Broker(Protocol):
    """An MQTT broker, in this process or in another."""

    @property
    def waiting(self) -> int:
        """Number of messages that are not acknowledged."""
        ...

    @property
    def session_present(self) -> bool:
        """Whether the broker had a session of the adapter when it connected. A broker without one may have lost its retained
        messages too."""
        ...

    async def run(self, on_message: OnMessage) -> None:
        """Run until cancelled."""
        ...

    async def connected(self) -> None:
        """Wait until the broker delivers messages."""
        ...

    async def lost(self) -> None:
        """Wait until the connection ends."""
        ...

    def finish(self, message: Message) -> None:
        """Acknowledge a message whose processing is complete."""
        ...

    def publish(self, topic: str, payload: bytes) -> bool:
        """Send a message with QoS 1. False: the broker is unavailable, its queue is full, or it would reject the topic."""
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
        """Send a message with QoS 1 and wait for the broker's answer. expiry: seconds. device_id: the only device that may receive
        the message, if the broker can tell devices apart. Raises CannotConnect."""
        ...
