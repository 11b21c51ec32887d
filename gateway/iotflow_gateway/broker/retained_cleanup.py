"""Removes messages that devices retain: they use the broker's memory, and would reach the next device of the same name."""

from collections.abc import Callable

from iotflow_gateway.mqtt import Properties
from iotflow_gateway.pipeline.message import Message
from iotflow_gateway.topics import SIGNS_OF_LIFE

# A user property that tells the adapter's own empty messages from those of devices.
MARK = ("iotflow", "cleared")
# A status up to this size stays retained, for other subscribers. A device has a few such topics, each with one message.
MOST_STATUS_BYTES = 1_024
# Topics that wait until the broker's queue has room. Further ones stay retained until the adapter starts with a new session.
MOST_WAITING = 10_000


class RetainedCleanup:
    """clear: removes the retained message of a topic; False: the queue is full."""

    def __init__(self, clear: Callable[[str], bool]) -> None:
        self._clear = clear
        # In the order of arrival.
        self._waiting: dict[str, None] = {}

    def remove(self, message: Message) -> None:
        """Remove a message that the broker has retained, unless it may stay."""
        if not message.payload or _may_stay(message):
            return
        if not self._clear(message.topic) and len(self._waiting) < MOST_WAITING:
            self._waiting[message.topic] = None

    def retry(self) -> None:
        """Clear the topics that wait; called about every second."""
        for topic in list(self._waiting):
            if not self._clear(topic):
                return
            del self._waiting[topic]


def clearing_properties() -> Properties:
    """The properties of an empty retained message of the adapter."""
    return {"user_properties": [MARK]}


def is_clearing(properties: Properties) -> bool:
    """Whether a message has these properties."""
    return MARK in properties.get("user_properties", ())


def _may_stay(message: Message) -> bool:
    # The topics of a client without a login may have any name, so their number is not bounded.
    is_bounded = not message.address.keyed
    return is_bounded and message.address.kind in SIGNS_OF_LIFE and len(message.payload) <= MOST_STATUS_BYTES
