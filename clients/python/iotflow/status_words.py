"""The words by which a device says how it is, the same at every door."""

OFFLINE = "offline"
# Read without case. Firmware of the older service says that it is alive.
STATUS_WORDS = {"online": "online", OFFLINE: OFFLINE, "heartbeat": "heartbeat", "alive": "heartbeat"}


def status_word(said: object) -> str | None:
    """online, offline or heartbeat; None: what was said is none of the words."""
    return STATUS_WORDS.get(said.strip().lower()) if isinstance(said, str) else None
