"""Only devices that are queried repeatedly are hot."""

import pytest

from iotflow_server.telemetry.latest import cached
from iotflow_server.telemetry.latest.cached import REPEAT_SECONDS, HotDevices


def test_a_device_is_hot_from_the_second_query_until_it_is_not_queried_for_a_while() -> None:
    now = [1_000.0]
    devices = HotDevices(timer=lambda: now[0])
    assert devices.record([1, 2, 1]) == []
    assert devices.record([1, 3, 1]) == [1]
    now[0] += REPEAT_SECONDS - 1
    assert devices.record([1, 2, 3]) == [1, 2, 3]
    now[0] += REPEAT_SECONDS
    assert devices.record([1, 2, 3]) == []


def test_the_number_of_recorded_devices_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cached, "MOST_DEVICES", 2)
    devices = HotDevices(timer=lambda: 0.0)
    devices.record([1, 2, 3])
    assert devices.record([3, 2, 1]) == [3, 2]
