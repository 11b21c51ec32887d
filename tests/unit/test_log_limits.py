"""A repeated cause is logged once in ten seconds."""

from typing import Any

import pytest

from iotflow.log_limits import LogLimit


class Lines:
    """A log that records its lines."""

    def __init__(self) -> None:
        self.written: list[dict[str, Any]] = []

    def warning(self, event: str, **facts: Any) -> None:
        self.written.append({"event": event, **facts})


def test_a_line_each_ten_seconds_for_each_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line has the number of suppressed ones; another reason is logged at once."""
    now, limit, log = [100.0], LogLimit(), Lines()
    monkeypatch.setattr("iotflow.log_limits.time.monotonic", lambda: now[0])
    for seconds in (0.0, 5.0, 4.9, 0.1, 1.0):
        now[0] += seconds
        limit.warning(log, "store_unavailable", reason="disk_full")
    limit.warning(log, "store_unavailable", reason="away")
    assert log.written == [
        {"event": "store_unavailable", "reason": "disk_full"},
        {"event": "store_unavailable", "reason": "disk_full", "left_out": 2},
        {"event": "store_unavailable", "reason": "away"},
    ]
