"""The words with which a device reports its state, the same for gRPC, REST and MQTT."""

OFFLINE = "offline"
# Case does not matter. Firmware of the older service sends `alive`.
STATUS_WORDS = {"online": "online", OFFLINE: OFFLINE, "heartbeat": "heartbeat", "alive": "heartbeat"}


def status_word(value: object) -> str | None:
    """online, offline or heartbeat; None: the value is none of the words."""
    return STATUS_WORDS.get(value.strip().lower()) if isinstance(value, str) else None
