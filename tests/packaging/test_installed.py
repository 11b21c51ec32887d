"""The `iotflow` command from wheels, with the pinned requirements, outside the checkout."""

from pathlib import Path

import httpx
import pytest

from tests.packaging.environment import Environment
from tests.support.processes import free_port
from tests.support.service import iotflow_up

pytestmark = pytest.mark.packaging


def test_pinned_versions_satisfy_every_requirement(everything: Environment) -> None:
    everything.check()


def test_the_service_starts_and_returns_a_stored_reading(
    everything: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    program = everything.folder / "bin" / "iotflow"
    mqtt = ["--broker", "embedded", "--mqtt-port", str(free_port())]
    with (
        iotflow_up(tmp_path / "data", None, *mqtt, program=program) as service,
        httpx.Client(base_url=service.rest, trust_env=False) as rest,
    ):
        registered = rest.post("/api/v1/devices/register", json={"name": "pump", "device_type": "pump"})
        headers = {"x-api-key": registered.json()["device"]["api_key"]}
        sent = rest.post("/api/v1/devices/telemetry", json={"data": {"temperature": 21.5}}, headers=headers)
        assert sent.status_code == 201, sent.text
        found = rest.get("/api/v1/devices/telemetry", headers=headers).json()
        assert [reading["temperature"] for reading in found["data"]] == [21.5]
        assert service.process.terminate() == 0, service.process.output
