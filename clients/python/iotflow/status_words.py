"""The words with which a device reports its state, the same for gRPC, REST and MQTT."""

from iotflow.words import Presence

OFFLINE = Presence.OFFLINE
# Case does not matter. Firmware of the older service sends `alive`.
STATUS_WORDS = {
    "online": Presence.ONLINE,
    "offline": Presence.OFFLINE,
    "heartbeat": Presence.HEARTBEAT,
    "alive": Presence.HEARTBEAT,
}


def status_word(value: object) -> Presence | None:
    """online, offline or heartbeat; None: the value is none of the words."""
    return STATUS_WORDS.get(value.strip().lower()) if isinstance(value, str) else None
