"""The service of the WebSocket tests, and its devices."""

import itertools
from dataclasses import dataclass
from typing import Any

import httpx

from tests.support.service import Service

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Device:
    """A registered device."""

    id: int
    name: str
    key: str

    @property
    def headers(self) -> dict[str, str]:
        """The credentials of the device."""
        return {"x-api-key": self.key}


@dataclass(frozen=True, slots=True)
class Fleet:
    """The service, and its administration. http: without credentials. metrics_port: of the adapter; 0: it has none."""

    service: Service
    http: httpx.Client
    metrics_port: int = 0

    @property
    def rest(self) -> str:
        """The URL of the service."""
        return self.service.rest

    @property
    def admin(self) -> dict[str, str]:
        """The credentials of an admin."""
        return {"authorization": f"Bearer {self.service.admin_token}"}

    def register(self) -> Device:
        """A new device."""
        answer = self.http.post("/api/v1/devices/register", json={"name": f"device-{next(_numbers)}"})
        assert answer.status_code == 201, answer.text
        device = answer.json()["device"]
        return Device(device["id"], device["name"], device["api_key"])

    def token(self, role: str) -> dict[str, str]:
        """The credentials of a new token of this role."""
        body = {"name": f"{role}-{next(_numbers)}", "role": role}
        answer = self.http.post("/api/v1/admin/tokens", json=body, headers=self.admin)
        assert answer.status_code == 201, answer.text
        return {"authorization": f"Bearer {answer.json()['secret']}"}

    def connections(self) -> int:
        """The number of WebSocket connections, by the metrics of the adapter."""
        lines = httpx.get(f"http://127.0.0.1:{self.metrics_port}/metrics", trust_env=False).text.splitlines()
        (line,) = [line for line in lines if line.startswith("iotflow_gateway_websockets ")]
        return int(float(line.split()[1]))

    def stored(self, device: Device, field: str) -> list[Any]:
        """The stored values of a measurement, the oldest first."""
        parameters = {"from": "2020-01-01T00:00:00Z", "to": "2040-01-01T00:00:00Z", "fields": field, "limit": "10000"}
        answer = self.http.get(f"/api/v1/telemetry/{device.id}/range", params=parameters, headers=device.headers)
        assert answer.status_code == 200, answer.text
        return [reading[field] for reading in answer.json()["data"] if field in reading]
