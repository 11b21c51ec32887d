"""Retained messages of devices are removed once the broker has room for that, and the number of waiting topics is bounded."""

import pytest

from iotflow_gateway.broker import retained_cleanup
from iotflow_gateway.broker.retained_cleanup import RetainedCleanup
from iotflow_gateway.pipeline.message import Message
from iotflow_gateway.topics import Topics


def test_topics_that_a_full_queue_rejects_are_cleared_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many at a time as there is room for, and each once."""
    monkeypatch.setattr(retained_cleanup, "MOST_WAITING", 4)
    room, cleared = 0, list[str]()

    def clear(topic: str) -> bool:
        nonlocal room
        if not room:
            return False
        room -= 1
        cleared.append(topic)
        return True

    waiting = RetainedCleanup(clear)
    topics = [f"p/devices/7/telemetry/x{number}" for number in range(6)]
    for topic in topics:
        waiting.remove(Message(topic, Topics("p").parse(topic), b"{}", 1, 1))
    for room in (0, 3, 3):  # noqa: B007
        waiting.retry()
    assert cleared == topics[:4]
