"""The whole service with a real IoTDB: readings are stored, read back, and survive kills of both."""

import json
import os
import signal
from pathlib import Path

import httpx

from tests.support.service import Service, iotflow_up
from tools.iotdb_server import IotdbServer

READINGS = [{"timestamp": f"2026-01-01T00:00:{n:02}Z", "data": {"t": n + 0.5, "ok": n % 2 == 0}} for n in range(60)]


def client(service: Service) -> httpx.Client:
    return httpx.Client(base_url=service.rest, trust_env=False, timeout=30)


def test_readings_survive_kills_of_the_server_and_iotdb(iotdb: IotdbServer, tmp_path: Path) -> None:
    telemetry = ("--telemetry", f"iotdb://root:root@127.0.0.1:{iotdb.port}")
    with iotflow_up(tmp_path, {}, *telemetry) as service, client(service) as http:
        device = http.post("/api/v1/devices/register", json={"name": "kept in IoTDB"}).json()["device"]
        headers = {"x-api-key": device["api_key"]}
        answer = http.post("/api/v1/devices/telemetry/batch", headers=headers, json={"readings": READINGS})
        assert answer.json() == {"accepted": 60, "rejected": [], "buffered": False}, answer.text
        status = http.get("/api/v1/telemetry/status").json()
        assert (status["store"], status["iotdb_available"], status["iotdb_port"]) == ("iotdb", True, iotdb.port)
        os.killpg(service.process.pid, signal.SIGKILL)
        service.process.exit_code()
    with iotflow_up(tmp_path, {}, *telemetry) as service, client(service) as http:
        rows = http.get("/api/v1/devices/telemetry", headers=headers, params={"start_time": "2026-01-01"}).json()[
            "data"
        ]
        assert [(row["t"], row["ok"]) for row in rows] == [(n + 0.5, n % 2 == 0) for n in reversed(range(60))]
        exported = http.get("/api/v1/telemetry/export", headers=headers, params={"format": "ndjson"}).text.splitlines()
        assert [json.loads(line)["t"] for line in exported] == [n + 0.5 for n in range(60)]
