"""The status page of the older service names the components as that service did, and tells which are connected."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from iotflow.words import HealthStatus
from iotflow_server.errors import Unavailable
from iotflow_server.health import CheckResult
from iotflow_server.machine import Machine
from iotflow_server.rpc.fleet.statistics import Counts
from iotflow_server.rpc.legacy.system_status import SystemStatusHandler

COUNTS = Counts({"active": 3, "inactive": 1, "maintenance": 1, "error": 0}, online=2)


def handler(folder: Path, status: str, checks: list[CheckResult], counts: Counts | Unavailable) -> SystemStatusHandler:
    """A handler in a service with this health and these devices."""

    async def run() -> tuple[str, list[CheckResult]]:
        return status, checks

    async def count() -> Counts:
        if isinstance(counts, Unavailable):
            raise counts
        return counts

    health: Any = SimpleNamespace(run=run)
    counter: Any = SimpleNamespace(count=count)
    return SystemStatusHandler(checks=health, machine=Machine(folder), counter=counter)


@pytest.mark.parametrize("status", [HealthStatus.HEALTHY, HealthStatus.DEGRADED, HealthStatus.UNHEALTHY])
@pytest.mark.parametrize(
    ("name", "older"), [("telemetry_store", "iotdb"), ("live_bus", "redis"), ("database", "database")]
)
async def test_a_check_has_its_older_name_and_status(tmp_path: Path, name: str, older: str, status: str) -> None:
    # The status as another object: it is compared by value.
    result = CheckResult(name, str(status), "message")
    found = await handler(tmp_path, status, [result, CheckResult("ingest", "healthy", "")], COUNTS).status()
    is_healthy = status == "healthy"
    assert found.status == status
    assert sorted(found.checks) == sorted([older, "ingest"])
    check = found.checks[older]
    expected = (is_healthy, "connected" if is_healthy else "disconnected", "message")
    assert (check.healthy, check.status, check.message) == expected
    assert (found.checks["ingest"].healthy, found.checks["ingest"].status) == (True, "connected")
    assert list(found.failed_checks) == ([] if is_healthy else [older])


async def test_devices_are_counted(tmp_path: Path) -> None:
    devices = (await handler(tmp_path, "healthy", [], COUNTS).status()).metrics.devices
    found = (devices.total_devices, devices.active_devices, devices.online_devices, devices.offline_devices)
    assert found == (5, 3, 2, 3)


async def test_counts_are_missing_while_the_registry_is_unavailable(tmp_path: Path) -> None:
    unavailable = Unavailable("REGISTRY_UNAVAILABLE", "away")
    found = await handler(tmp_path, "unhealthy", [], unavailable).status()
    assert not found.metrics.HasField("devices")
    assert found.metrics.HasField("application")
