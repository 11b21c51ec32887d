"""Commands and audit entries have 64-bit numbers, which REST returns and accepts as JSON numbers."""

import json
import sqlite3
from contextlib import closing

import pytest

from tests.e2e.rest.world import World

# From 10^15 on, the gateway writes some integers with an exponent.
WIDE = 10**14
COMMANDS, POLL = "/api/v1/admin/devices/{own}/commands", "/api/v1/devices/commands/poll"


@pytest.fixture
def wide(world: World) -> World:
    """The world after very many commands and audit entries."""
    with closing(sqlite3.connect(world.service.data_dir / "registry.db")) as registry, registry:
        for table in ("commands", "audit"):
            registry.execute(f"DELETE FROM sqlite_sequence WHERE name = '{table}' AND seq < {WIDE}")
            registry.execute(
                f"INSERT INTO sqlite_sequence SELECT '{table}', {WIDE}"
                f" WHERE NOT EXISTS (SELECT * FROM sqlite_sequence WHERE name = '{table}')"
            )
    return world


def test_a_command_has_its_number_at_every_path(wide: World) -> None:
    sent = wide.call("POST", COMMANDS, "admin", json={"name": "reboot"}).json()["command"]
    number = sent["id"]
    assert type(number) is int
    assert number > WIDE
    one = f"/api/v1/admin/commands/{number}"
    assert wide.call("GET", one, "viewer").json()["command"] == sent
    assert wide.call("GET", COMMANDS, "viewer").json()["commands"] == [sent]
    with wide.http.stream(
        "GET", "/api/v1/admin/commands/stream", params={"command_id": number}, headers=wide.headers("viewer")
    ) as answer:
        events = (json.loads(line.removeprefix("data: ")) for line in answer.iter_lines() if line)
        assert next(event["command"] for event in events if "command" in event) == sent
    assert [command["id"] for command in wide.call("GET", "/api/v1/devices/commands", "device").json()["commands"]] == [
        number
    ]
    done = wide.call("POST", f"/api/v1/devices/commands/{number}/ack", "device", json={"state": "succeeded"})
    assert done.json()["command"]["id"] == number
    assert wide.call("POST", f"{one}/cancel", "admin", json={}).status_code == 400


def test_gateways_name_a_command_by_its_number(wide: World) -> None:
    number = wide.call("POST", COMMANDS, "admin", json={"name": "reboot"}).json()["command"]["id"]
    path = f"/api/v1/gateway/devices/{wide.own.id}/commands/{number}/ack"
    refused = wide.call("POST", path, "gateway", json={"command_id": number, "state": "delivered"})
    assert (refused.status_code, "leave it out of the body" in refused.json()["message"]) == (400, True)
    answer = wide.call("POST", path, "gateway", json={"command_id": str(number), "state": "delivered"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["command"]["id"] == number


def test_an_audit_entry_has_its_number(wide: World) -> None:
    wide.call("PUT", "/api/v1/admin/devices/{own}/status", "admin", json={"status": "maintenance"})
    entries = wide.call("GET", "/api/v1/admin/audit", "admin", params={"target": f"device:{wide.own.id}"}).json()[
        "entries"
    ]
    assert type(entries[0]["id"]) is int
    assert entries[0]["id"] > WIDE


def test_pages_continue_after_such_numbers(wide: World) -> None:
    numbers = [wide.call("POST", COMMANDS, "admin", json={"name": "reboot"}).json()["command"]["id"] for _ in range(3)]
    page = wide.call("GET", COMMANDS, "viewer", params={"page_size": 2}).json()
    rest = wide.call("GET", COMMANDS, "viewer", params={"page_size": 2, "page_token": page["next_page_token"]}).json()
    assert [command["id"] for command in page["commands"] + rest["commands"]] == numbers[::-1]


@pytest.mark.parametrize(("number", "status"), [(2**53, 404), (2**53 + 1, 400), (2**63 - 1, 400), (2**63, 400)])
def test_numbers_beyond_the_exact_integers_of_json_are_rejected(world: World, number: int, status: int) -> None:
    for method, path in (("GET", ""), ("POST", "/cancel")):
        answer = world.call(method, f"/api/v1/admin/commands/{number}{path}", "admin")
        assert answer.status_code == status, answer.text
        assert status == 404 or "command_id" in answer.json()["message"]


def test_a_command_with_a_larger_number_is_not_found(world: World) -> None:
    answer = world.call("POST", f"/api/v1/devices/commands/{2**63 - 1}/ack", "device", json={})
    assert answer.status_code == 404, answer.text


def test_polling_by_post_equals_polling_by_get(world: World) -> None:
    number = world.call("POST", COMMANDS, "admin", json={"name": "reboot"}).json()["command"]["id"]
    polled = world.call("POST", POLL, "device", json={})
    assert polled.status_code == 200
    assert [(command["id"], command["state"]) for command in polled.json()["commands"]] == [(number, "delivered")]
    assert world.call("GET", "/api/v1/devices/commands", "device").json() == polled.json()
    assert world.call("POST", POLL, "device").json() == polled.json()
    assert world.call("POST", POLL, "nobody", json={}).status_code == 401
