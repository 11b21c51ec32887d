"""What devices retain is taken away again: it would stay in the broker's memory, and wait for the next device of their name."""

from collections.abc import Callable

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from iotflow_gateway.pipeline.message import Message
from iotflow_gateway.topics import SIGNS_OF_LIFE

# A user property: an empty message with it is no message of a device.
MARK = ("iotflow", "cleared")
# How a device is may stay retained, for others who watch it; brokers keep one message a topic, and there are a few such topics.
MOST_STATUS_BYTES = 1_024
# Topics that are to be cleared once the broker takes more; what is beyond stays until the adapter comes with a new session.
MOST_LEFT = 10_000


class Clearing:
    """clear: takes away what is retained at a topic; whether it could."""

    def __init__(self, clear: Callable[[str], bool]) -> None:
        self._clear = clear
        # In the order in which they came.
        self._left: dict[str, None] = {}

    def retained(self, message: Message) -> None:
        """The broker has retained a message."""
        if not message.payload or _may_stay(message):
            return
        if not self._clear(message.topic) and len(self._left) < MOST_LEFT:
            self._left[message.topic] = None

    def again(self) -> None:
        """To be called every second or so."""
        for topic in list(self._left):
            if not self._clear(topic):
                return
            del self._left[topic]


def clearing_properties() -> Properties:
    """Of an empty retained message of the adapter's own."""
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.UserProperty = MARK
    return properties


def is_clearing(properties: Properties | None) -> bool:
    """Whether a message is one of those."""
    return properties is not None and MARK in getattr(properties, "UserProperty", ())


def _may_stay(message: Message) -> bool:
    # Without a login, any name may stand in a topic.
    few = not message.address.keyed
    return few and message.address.kind in SIGNS_OF_LIFE and len(message.payload) <= MOST_STATUS_BYTES
