"""Streams by WebSocket: commands, desired configurations and live readings."""

from typing import Any

import pytest

from tests.e2e.websocket.fleet import Device, Fleet
from tests.support.json_websocket import JsonClient, logged_in

ADMIN = "/api/v1/admin/devices"


def send_command(fleet: Fleet, device: Device, name: str) -> dict[str, Any]:
    """A new command of the device."""
    body = {"name": name, "parameters": {"delay": 3, "level": 0.5, "deep": {"list": [1, None, True, "x"]}}}
    answer = fleet.http.post(f"{ADMIN}/{device.id}/commands", json=body, headers=fleet.admin)
    assert answer.status_code in (200, 201), answer.text
    command: dict[str, Any] = answer.json()["command"]
    return command


def test_commands_are_delivered_and_answered(fleet: Fleet, client: JsonClient, device: Device) -> None:
    waiting = send_command(fleet, device, "first")
    assert client.ask({"type": "subscribe", "id": "c", "to": "commands"}) == {"type": "subscribed", "id": "c"}
    sent = [waiting, send_command(fleet, device, "second")]
    results: list[dict[str, Any]] = [{"state": "succeeded", "result": {"took": 1.5}}, {"state": "failed"}]
    for expected, result in zip(sent, results, strict=True):
        event = client.receive("command")
        assert event["id"] == "c"
        delivered = event["command"]
        assert {name: delivered[name] for name in ("id", "name", "parameters", "device_id", "created_at")} == {
            name: expected[name] for name in ("id", "name", "parameters", "device_id", "created_at")
        }
        answer = client.ask({"type": "command_result", "command_id": delivered["id"], **result})
        shown = fleet.http.get(f"/api/v1/admin/commands/{delivered['id']}", headers=fleet.admin).json()["command"]
        assert (answer["type"], answer["command"]) == ("receipt", shown)
        assert shown["state"] == result["state"]
    refused = client.ask({"type": "command_result", "command_id": sent[0]["id"], "state": "failed"})
    assert (refused["type"], refused["reason"], refused["retryable"]) == ("error", "COMMAND_ENDED", False)
    for wrong in ({"command_id": "one"}, {"command_id": 1, "state": "done"}, {"command_id": 1, "result": 3}, {}):
        assert client.ask({"type": "command_result", **wrong})["type"] == "error"


def test_configurations_are_delivered_and_reported(fleet: Fleet, client: JsonClient, device: Device) -> None:
    assert client.ask({"type": "subscribe", "id": 5, "to": "config"})["type"] == "subscribed"
    first = client.receive("config")
    assert (first["id"], first["config"]["device_id"], first["config"]["desired_version"]) == (5, device.id, 0)
    desired = {"interval": 30, "ratio": 0.25}
    answer = fleet.http.put(f"{ADMIN}/{device.id}/config", json={"configuration": desired}, headers=fleet.admin)
    assert answer.status_code == 200, answer.text
    config = client.receive("config")["config"]
    assert (config["desired"], config["desired_version"]) == (desired, 1)
    report = client.ask({"type": "config_report", "configuration": desired, "firmware_version": "1.2"})
    assert (report["type"], report["device"]["configuration"], report["device"]["firmware_version"]) == (
        "receipt",
        desired,
        "1.2",
    )
    twin = fleet.http.get(f"{ADMIN}/{device.id}/config", headers=fleet.admin).json()
    assert twin["reported"] == desired
    refused = client.ask({"type": "config_report", "status": "asleep"})
    assert (refused["type"], refused["reason"], refused["field"]) == ("error", "INVALID_ARGUMENT", "status")


def test_live_readings_resume(fleet: Fleet, device: Device) -> None:
    """A subscriber that was away asks for the readings since the last one that it has."""
    with logged_in(fleet.rest, device.headers) as sender:
        with logged_in(fleet.rest, fleet.token("viewer")) as viewer:
            subscribe = {"type": "subscribe", "id": "live", "device_ids": [device.id], "fields": ["value"]}
            assert viewer.ask(subscribe)["type"] == "subscribed"
            assert viewer.receive("heartbeat")["id"] == "live"
            for value in range(3):
                submit(sender, value)
            seen = readings_of(viewer, device, 3)
            assert [reading["value"] for reading in seen] == [0, 1, 2]
            viewer.break_off()
        for value in range(3, 6):
            submit(sender, value)
        with logged_in(fleet.rest, fleet.token("viewer")) as viewer:
            viewer.send({**subscribe, "since": seen[-1]["timestamp"]})
            assert [reading["value"] for reading in readings_of(viewer, device, 4)] == [2, 3, 4, 5]
            submit(sender, 6)
            assert [reading["value"] for reading in readings_of(viewer, device, 1)] == [6]
            assert viewer.receive("heartbeat")["heartbeat"]["timestamp"]


def submit(sender: JsonClient, value: int) -> None:
    """Store a reading of this value, at a time of its own."""
    reading = {"data": {"value": value, "other": "x"}, "timestamp": f"2026-01-01T00:00:0{value}Z"}
    assert sender.ask({"type": "readings", "readings": [reading]})["accepted"] == 1


def readings_of(viewer: JsonClient, device: Device, count: int) -> list[dict[str, Any]]:
    """The next live readings of the device."""
    found: list[dict[str, Any]] = []
    while len(found) < count:
        event = viewer.receive("telemetry")
        assert (event["id"], event["telemetry"]["device_id"], event["telemetry"]["device_name"]) == (
            "live",
            device.id,
            device.name,
        )
        found += event["telemetry"]["data"]
    return found


def test_subscriptions_end(fleet: Fleet, client: JsonClient, device: Device) -> None:
    """An id can be used again after the subscription with it has ended."""
    subscribe = {"type": "subscribe", "id": "a"}
    assert client.ask(subscribe)["type"] == "subscribed"
    assert client.ask(subscribe)["reason"] == "ALREADY_SUBSCRIBED"
    assert client.ask({"type": "unsubscribe", "id": "a"}) == {"type": "unsubscribed", "id": "a"}
    assert client.ask({"type": "unsubscribe", "id": "a"})["reason"] == "NOT_SUBSCRIBED"
    assert client.ask({**subscribe, "to": "commands"})["type"] == "subscribed"
    command = send_command(fleet, device, "reboot")
    assert client.receive("command")["command"]["id"] == command["id"]


def test_subscriptions_are_bounded(client: JsonClient) -> None:
    answers = [client.ask({"type": "subscribe", "to": "config", "id": f"s{number}"}) for number in range(17)]
    assert [answer["type"] for answer in answers[:16]] == ["subscribed"] * 16
    assert (answers[16]["reason"], answers[16]["message"]) == (
        "TOO_MANY_SUBSCRIPTIONS",
        "The connection has 16 subscriptions; end one.",
    )


# Who subscribes, with which fields, and the reason and the field of the error.
REFUSED: list[tuple[str, dict[str, Any], str, str | None]] = [
    ("device", {"device_ids": [1]}, "NOT_YOUR_DEVICE", None),
    ("device", {"to": "logs"}, "UNKNOWN_STREAM", "to"),
    ("device", {"to": 3}, "UNKNOWN_STREAM", "to"),
    ("device", {"since": "soon"}, "INVALID_ARGUMENT", "since"),
    ("device", {"device_ids": "all"}, "INVALID_ARGUMENT", None),
    ("viewer", {"device_ids": [2**31 - 1]}, "DEVICE_NOT_FOUND", "device_ids"),
    ("viewer", {"to": "config"}, "WRONG_ROLE", None),
    ("gateway", {}, "WRONG_ROLE", None),
]


@pytest.mark.parametrize(("who", "fields", "reason", "field"), REFUSED)
def test_the_server_refuses_a_subscription(
    fleet: Fleet, who: str, fields: dict[str, Any], reason: str, field: str | None
) -> None:
    """The connection goes on."""
    fleet.register()
    headers = fleet.register().headers if who == "device" else fleet.token(who)
    with logged_in(fleet.rest, headers) as client:
        error = client.ask({"type": "subscribe", **fields})
        assert (error["type"], error["reason"], error.get("field")) == ("error", reason, field)
        assert client.ask({"type": "unsubscribe"})["reason"] == "NOT_SUBSCRIBED"
