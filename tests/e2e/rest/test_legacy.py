"""Calls of clients of the older service."""

from typing import Any

import httpx
import pytest

from tests.e2e.rest.world import Registered, World

STATUSES = "/api/v1/devices/statuses"


def in_short(of: Registered, status: str = "active", *, is_online: bool) -> dict[str, Any]:
    return {"id": of.id, "name": of.name, "device_type": "probe", "status": status, "is_online": is_online}


def test_the_short_list_of_devices_has_slices(world: World) -> None:
    world.call("PUT", "/api/v1/admin/devices/{other}", "admin", json={"status": "maintenance"})
    total = world.http.get(STATUSES, params={"limit": 1}).json()["meta"]["total"]
    answer = world.http.get(STATUSES, params={"limit": 5, "offset": total - 2}).json()
    assert answer == {
        "status": "success",
        "devices": [in_short(world.own, is_online=True), in_short(world.other, "maintenance", is_online=False)],
        "meta": {"total": total, "limit": 5, "offset": total - 2, "cache_used": False},
    }
    assert world.http.get(STATUSES, params={"offset": total}).json()["devices"] == []


@pytest.mark.parametrize("path", ["/", "/status", "/api/v1/mqtt/status"])
def test_the_accept_header_is_ignored(http: httpx.Client, path: str) -> None:
    for accept in ("*/*", "application/json", ""):
        answer = http.get(path, headers={"accept": accept})
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"


def test_a_reading_in_the_format_of_mqtt_keeps_every_digit(world: World) -> None:
    body = '{"data": {"count": 9007199254740991, "t": -0.5}, "timestamp": "2026-02-01T00:00:00Z"}'
    path = f"/api/v1/mqtt/telemetry/{world.own.id}"
    answer = world.call("POST", path, "device", content=body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["timestamp"] == "2026-02-01T00:00:00Z"
    params = {"from": "2026-02-01", "to": "2026-02-02"}
    rows = world.call("GET", "/api/v1/telemetry/{own}/range", "device", params=params).json()["data"]
    assert rows == [{"timestamp": "2026-02-01T00:00:00.000Z", "count": 9007199254740991, "t": -0.5}]
