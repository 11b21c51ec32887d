"""Sequences of requests: rejected readings, keys, commands, pages, live events, metrics."""

import json
import re
from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.rest.telemetry_cases import BATCH, OF, SPAN, SUBMIT
from tests.e2e.rest.world import START, World


def stored(world: World) -> list[dict[str, object]]:
    answer = world.call("GET", OF, "device", params={"start_time": "2000-01-01", "end_time": "2100-01-01"})
    rows: list[dict[str, object]] = answer.json()["data"]
    return rows


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (SUBMIT, {"data": {"temperature": "warm", "fresh": 1}}),
        (SUBMIT, {"data": {"fresh": 1, "a;b": 2}}),
        (SUBMIT, {"data": {"fresh": 1}, "timestamp": "soon"}),
        (BATCH, {"readings": [{"data": {"fresh": 1}}, {"data": {"temperature": "warm"}}], "atomic": True}),
        (BATCH, {"readings": [{"data": {"fresh": 1}}, {"data": {"a;b": 1}}], "atomic": True}),
    ],
)
def test_a_rejected_request_stores_nothing(world: World, path: str, body: object) -> None:
    before = stored(world)
    assert world.call("POST", path, "device", json=body).status_code == 400
    assert stored(world) == before
    # Nor does it set a type: the measurement may get another one.
    assert world.call("POST", SUBMIT, "device", json={"data": {"fresh": "text"}}).status_code == 201


def test_a_reading_is_returned_with_its_metadata(world: World) -> None:
    body = {
        "data": {"pm2.5": 7.25, "ok": True, "note": 'a "quoted" ü', "nothing": None, "nested": {"a": [1, 2.5, None]}},
        "metadata": {"fw": "1.2", "n": 5},
        "timestamp": "2026-02-02T10:00:00.250+02:00",
    }
    assert world.call("POST", SUBMIT, "device", json=body).status_code == 201
    answer = world.call("GET", OF, "device", params={"start_time": "2026-02-02T08:00:00+00:00", "limit": 1})
    assert answer.json()["data"] == [
        {
            "timestamp": "2026-02-02T08:00:00.250Z",
            "pm2.5": 7.25,
            "ok": True,
            "note": 'a "quoted" ü',
            "nested": '{"a":[1,2.5,null]}',
            "meta_fw": "1.2",
            "meta_n": "5",
        }
    ]


def test_readings_without_a_time_do_not_overwrite_each_other(world: World) -> None:
    readings = [{"data": {"n": n}} for n in range(50)]
    assert world.call("POST", BATCH, "device", json={"readings": readings}).json()["accepted"] == 50
    for n in range(50, 60):
        assert world.call("POST", SUBMIT, "device", json={"data": {"n": n}}).status_code == 201
    rows = [row["n"] for row in stored(world) if "n" in row]
    assert rows == list(reversed(range(60)))


def test_pages_have_all_readings(world: World) -> None:
    seen, token = [], ""
    while True:
        answer = world.call("GET", OF, "device", params={**SPAN, "limit": 1, "page_token": token}).json()
        seen += [row["note"] for row in answer["data"]]
        token = answer["next_page_token"]
        if not token:
            break
    assert seen == ["n2", "n1", "n0"]


def test_a_rotated_key_is_valid_and_the_old_one_for_its_grace_period(world: World) -> None:
    fresh = world.call("POST", "/api/v1/devices/rotate-key", "device", json={}).json()["api_key"]
    for key in (fresh, world.own.key):
        assert world.http.get("/api/v1/devices/status", headers={"x-api-key": key}).status_code == 200
    assert fresh != world.own.key


def test_a_command_passes_from_queued_to_succeeded(world: World) -> None:
    body = {"name": "reboot", "idempotency_key": "once"}
    first = world.call("POST", "/api/v1/admin/devices/{own}/commands", "admin", json=body).json()["command"]
    again = world.call("POST", "/api/v1/admin/devices/{own}/commands", "admin", json=body).json()["command"]
    assert (first["state"], again["id"]) == ("queued", first["id"])
    (delivered,) = world.call("GET", "/api/v1/devices/commands", "device").json()["commands"]
    assert (delivered["id"], delivered["state"]) == (first["id"], "delivered")
    path = f"/api/v1/devices/commands/{first['id']}/ack"
    assert world.call("POST", path, "other device", json={}).status_code == 404
    for _ in range(2):
        done = world.call("POST", path, "device", json={"state": "succeeded", "result": {"took": 3}}).json()["command"]
        assert (done["state"], done["result"]) == ("succeeded", {"took": 3})
    assert world.call("POST", path, "device", json={"state": "failed"}).status_code == 400
    assert world.call("GET", "/api/v1/devices/commands", "device").json() == {"commands": [], "count": 0}


def test_admins_watch_a_command_and_new_devices(world: World) -> None:
    own = f"/api/v1/admin/devices/{world.own.id}/commands"
    sent = world.call("POST", own, "admin", json={"name": "reboot"}).json()["command"]
    params = {"command_id": str(sent["id"])}
    path = "/api/v1/admin/commands/stream"
    with world.http.stream("GET", path, params=params, headers=world.headers("viewer")) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream"), answer.read()
        received = events(answer.iter_lines())
        assert "heartbeat" in next(received)
        changes = (event["command"] for event in received if "command" in event)
        states = [next(changes)]
        world.call("GET", "/api/v1/devices/commands", "device")
        # Of two simultaneous changes, only the last may be sent.
        states.append(next(changes))
        cancelled = world.call("POST", f"/api/v1/admin/commands/{sent['id']}/cancel", "admin", json={}).json()
        states.append(next(changes))
    assert [state["state"] for state in states] == ["queued", "delivered", "cancelled"]  # type: ignore[index]
    assert states[-1] == cancelled["command"]
    assert world.call("GET", f"/api/v1/admin/commands/{sent['id']}", "viewer").json()["command"] == states[-1]


def test_an_inactive_device_is_rejected_at_once_and_accepted_when_active(world: World) -> None:
    heartbeat = ("POST", "/api/v1/devices/heartbeat", "device")
    for status, code in (("inactive", 403), ("active", 200)):
        world.call("PUT", "/api/v1/admin/devices/{own}/status", "admin", json={"status": status})
        assert world.call(*heartbeat, json={}).status_code == code


def test_a_revoked_token_is_void_at_once(world: World) -> None:
    made = world.call(
        "POST", "/api/v1/admin/tokens", "admin", json={"name": f"brief {world.own.id}", "role": "viewer"}
    ).json()
    headers = {"authorization": f"Bearer {made['secret']}"}
    assert world.http.get("/api/v1/admin/devices", headers=headers).status_code == 200
    assert world.call("DELETE", f"/api/v1/admin/tokens/{made['token']['id']}", "admin").status_code == 200
    assert world.http.get("/api/v1/admin/devices", headers=headers).status_code == 401


def test_responses_to_admins_have_no_keys(world: World) -> None:
    for path in ("/api/v1/admin/devices", "/api/v1/admin/devices/{own}", "/api/v1/admin/audit", "/api/v1/admin/tokens"):
        answer = world.call("GET", path, "admin").text
        assert world.own.key not in answer
        assert "api_key" not in answer
        assert world.service.admin_token not in answer


def events(lines: Iterator[str]) -> Iterator[dict[str, object]]:
    """The events of a stream; each must be one line `data: {…}` and an empty line."""
    for line in lines:
        if line:
            assert line.startswith("data: "), line
            yield json.loads(line.removeprefix("data: "))


def test_replayed_events_precede_live_ones(world: World) -> None:
    params = {"device_ids": str(world.own.id), "since": START, "fields": "temperature"}
    with world.http.stream("GET", "/api/v1/telemetry/stream", params=params, headers=world.own.headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        received = events(answer.iter_lines())
        assert "heartbeat" in next(received)
        replayed = next(received)["telemetry"]
        assert isinstance(replayed, dict)
        assert (replayed["device_id"], replayed["device_name"]) == (world.own.id, world.own.name)
        assert [row["temperature"] for row in replayed["data"]] == [20.5, 21.5, 22.5]
        body = {"data": {"temperature": 30, "other": 1}, "timestamp": "2026-01-01T00:09:00Z"}
        assert world.call("POST", SUBMIT, "device", json=body).status_code == 201
        live = next(event["telemetry"] for event in received if "telemetry" in event)
        assert isinstance(live, dict)
        assert live["data"] == [{"timestamp": "2026-01-01T00:09:00.000Z", "temperature": 30}]


def test_metrics_have_the_format_of_prometheus(world: World) -> None:
    answer = world.http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    figures = dict(re.findall(r"^(iotflow_\w+)(?:\{[^}]*\})? ([\d.e+]+)$", answer.text, re.MULTILINE))
    assert float(figures["iotflow_readings_stored_total"]) >= 3
    assert {"iotflow_values_rejected_total", "iotflow_open_streams", "iotflow_ingest_waiting_bytes"} <= set(figures)
    assert 'iotflow_call_seconds_count{method="/iotflow.v1.DeviceService/RegisterDevice",outcome="OK"}' in answer.text


def test_preflight_requests_of_browsers_are_allowed(http: httpx.Client) -> None:
    preflight = {
        "origin": "http://localhost:3000",
        "access-control-request-method": "POST",
        "access-control-request-headers": "x-api-key,content-type",
    }
    for path in (SUBMIT, "/api/v1/telemetry/1", "/iotflow.v1.TelemetryService/GetTelemetry"):
        answer = http.options(path, headers=preflight)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
        assert "x-api-key" in answer.headers["access-control-allow-headers"]


def test_a_page_of_another_site_requires_a_credential_for_local_calls(world: World) -> None:
    for origin, status in (("http://localhost:3000", 200), ("https://elsewhere.example", 401)):
        answer = world.call("GET", OF, "nobody", headers={"origin": origin})
        assert answer.status_code == status, answer.text
    answer = world.call("GET", OF, "device", headers={"origin": "https://elsewhere.example"})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://elsewhere.example"
