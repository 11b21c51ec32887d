"""The data of a case: two devices, one with three readings, and callers of every role."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.support.service import Service

_numbers = itertools.count(1)
READINGS = [
    {
        "timestamp": f"2026-01-01T00:0{minute}:00Z",
        "data": {"temperature": 20.5 + minute, "ok": minute != 1, "note": f"n{minute}"},
    }
    for minute in range(3)
]
START, END = "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"


@dataclass(frozen=True, slots=True)
class Registered:
    """A registered device."""

    id: int
    name: str
    key: str

    @property
    def headers(self) -> dict[str, str]:
        return {"x-api-key": self.key}


@dataclass(slots=True)
class World:
    """own has READINGS, other has nothing."""

    service: Service
    http: httpx.Client
    own: Registered
    other: Registered
    tokens: dict[str, str] = field(default_factory=dict)

    def headers(self, who: str) -> dict[str, str]:
        """The credentials of a caller, by its name in the tables."""
        match who:
            case "device":
                return self.own.headers
            case "other device":
                return self.other.headers
            case "nobody":
                return {}
            case "wrong key":
                return {"x-api-key": "k" * 32}
            case "wrong token":
                return {"authorization": "Bearer nonsense"}
            case "admin, the older way":
                return {"authorization": f"admin {self.service.admin_token}"}
        secret = self.service.admin_token if who == "admin" else self.token(who)
        return {"authorization": f"Bearer {secret}"}

    def token(self, role: str) -> str:
        """A token of this role, created when first used."""
        if role not in self.tokens:
            body = {"name": f"{role}-{next(_numbers)}", "role": role}
            answer = self.call("POST", "/api/v1/admin/tokens", "admin", json=body)
            self.tokens[role] = answer.json()["secret"]
        return self.tokens[role]

    def call(self, method: str, path: str, who: str, **content: Any) -> httpx.Response:
        """Make a request; {own}, {other}, {own_name} and {other_name} in the path are replaced."""
        headers: Mapping[str, str] = self.headers(who) | content.pop("headers", {})
        return self.http.request(method, self.fill(path), headers=headers, **content)

    def fill(self, text: str) -> str:
        """The text with the ids and names of this world."""
        places = {
            "{own}": self.own.id,
            "{other}": self.other.id,
            "{own_name}": self.own.name,
            "{other_name}": self.other.name,
        }
        for place, value in places.items():
            text = text.replace(place, str(value))
        return text


def register(http: httpx.Client, **fields: str) -> Registered:
    """Register a device."""
    name = f"device-{next(_numbers)}"
    answer = http.post("/api/v1/devices/register", json={"name": name, "device_type": "probe", **fields})
    assert answer.status_code == 201, answer.text
    device = answer.json()["device"]
    return Registered(device["id"], device["name"], device["api_key"])


def new_world(service: Service, http: httpx.Client, tokens: dict[str, str]) -> World:
    """Two new devices, one of them with READINGS."""
    world = World(service, http, register(http), register(http), tokens)
    answer = world.call("POST", "/api/v1/devices/telemetry/batch", "device", json={"readings": READINGS})
    assert answer.json() == {"accepted": 3, "rejected": [], "buffered": False}, answer.text
    return world
