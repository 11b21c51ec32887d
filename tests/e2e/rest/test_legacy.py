"""Clients of the older service, at work."""

from typing import Any

import httpx
import pytest

from tests.e2e.rest.world import Registered, World

STATUSES = "/api/v1/devices/statuses"


def in_short(of: Registered, status: str = "active", *, is_online: bool) -> dict[str, Any]:
    return {"id": of.id, "name": of.name, "device_type": "probe", "status": status, "is_online": is_online}


def test_devices_in_short_come_in_slices(world: World) -> None:
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
def test_whatever_the_client_accepts(http: httpx.Client, path: str) -> None:
    for accept in ("*/*", "application/json", ""):
        answer = http.get(path, headers={"accept": accept})
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
