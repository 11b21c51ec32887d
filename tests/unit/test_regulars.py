"""Only who keeps asking is worth remembering for."""

import pytest

from iotflow_server.telemetry.latest import hot_devices
from iotflow_server.telemetry.latest.hot_devices import HABIT_SECONDS, HotDevices


def test_a_device_is_regular_from_the_second_time_on_and_until_nobody_has_asked_for_long() -> None:
    now = [1_000.0]
    noted = HotDevices(timer=lambda: now[0])
    assert noted.note([1, 2, 1]) == []
    assert noted.note([1, 3, 1]) == [1]
    now[0] += HABIT_SECONDS - 1
    assert noted.note([1, 2, 3]) == [1, 2, 3]
    now[0] += HABIT_SECONDS
    assert noted.note([1, 2, 3]) == []


def test_it_notes_so_many_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hot_devices, "MOST_DEVICES", 2)
    noted = HotDevices(timer=lambda: 0.0)
    noted.note([1, 2, 3])
    assert noted.note([3, 2, 1]) == [3, 2]
