"""A recording of a real sensor is replayed as a device, and every value is read back through the gateway."""

import csv
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests.support.processes import IOTFLOW
from tests.support.service import Service

DATA = Path(__file__).resolve().parents[2] / "data"


def recorded(name: str) -> dict[datetime, float]:
    """The values of the file; of rows with equal times, those of the last one."""
    with (DATA / name).open() as file:
        return {
            datetime.fromisoformat(row["timestamp"]).replace(tzinfo=UTC): float(row["value"])
            for row in csv.DictReader(file)
        }


@pytest.mark.parametrize("name", ["ambient_temperature.csv", "machine_temperature.csv"])
def test_every_value_is_read_back(service: Service, http: httpx.Client, name: str) -> None:
    env = {**os.environ, "IOTFLOW_GRPC_PORT": str(service.grpc_port), "IOTFLOW_DATA_DIR": str(service.data_dir)}
    subprocess.run([IOTFLOW, "replay", str(DATA / name), "--device", name], env=env, check=True, timeout=120)
    admin = {"authorization": f"Bearer {service.admin_token}"}
    (device,) = http.get("/api/v1/admin/devices", params={"name": name}, headers=admin).json()["devices"]
    stored: dict[datetime, float] = {}
    token = ""
    while True:
        params: dict[str, str | int] = {"from": "2000-01-01", "limit": 5_000, "page_token": token}
        page = http.get(f"/api/v1/telemetry/{device['id']}/range", params=params).json()
        stored |= {datetime.fromisoformat(row["timestamp"]): row["value"] for row in page["data"]}
        token = page["next_page_token"]
        if not token:
            break
    assert stored == recorded(name)
