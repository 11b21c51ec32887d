"""Devices, tokens and the audit log over REST."""

from typing import Any

from tests.e2e.rest import command_cases, twin_cases
from tests.e2e.rest.case import Case
from tests.e2e.rest.device_cases import device
from tests.e2e.rest.shapes import KEY, LIST, NUMBER, TEXT, TIME, WHOLE, Like, refusal
from tests.e2e.rest.world import World

DEVICES, ONE = "/api/v1/admin/devices", "/api/v1/admin/devices/{own}"
TOKENS, AUDIT = "/api/v1/admin/tokens", "/api/v1/admin/audit"
NOWHERE = f"{DEVICES}/999999"
OK = {"status": "success"}
COUNTS = dict.fromkeys(("total", "active", "inactive", "maintenance", "error", "online", "offline"), WHOLE)
INGEST = {
    **dict.fromkeys(("batches_stored", "readings_stored", "values_stored", "values_rejected"), NUMBER),
    "open_streams": WHOLE,
    "subscribers": WHOLE,
}
TOKEN = {"id": WHOLE, "name": TEXT, "role": "viewer", "created_at": TIME}
COUNTED = Like("list of named counts", lambda value: all(set(item) == {"name", "count"} for item in value))


def listed(world: World) -> dict[str, Any]:
    return {**OK, "total_devices": 1, "devices": [device(world.own)], "next_page_token": ""}


def desired(world: World, version: int, **content: Any) -> dict[str, Any]:
    return {**OK, "message": TEXT, "device_id": world.own.id, "desired": content, "desired_version": version}


def set_desired(world: World) -> None:
    world.call("PUT", f"{ONE}/config", "admin", json={"configuration": {"a": 1}})


def unavailable(world: World, text: str = "unavailable") -> None:
    """The device has stored a text as `temp`."""
    reading = {"data": {"temp": text}, "timestamp": "2026-01-01T00:00:00Z"}
    assert world.call("POST", "/api/v1/devices/telemetry", "device", json=reading).status_code == 201


def dropped(world: World) -> None:
    unavailable(world)
    world.call("DELETE", f"{ONE}/measurements/temp", "admin")


def entry(action: str, **details: Any) -> Any:
    return Like(
        f"newest entry {action}",
        lambda value: (
            value["entries"][0]["action"] == action
            and value["entries"][0]["details"] == details
            and value["entries"][0]["actor"] == "token:admin-token"
            and set(value["entries"][0]) == {"id", "timestamp", "actor", "action", "target", "details"}
        ),
    )


CASES = [
    Case("filtered by name", "GET", DEVICES, "viewer", 200, listed, params={"name": "{own_name}", "online": "true"}),
    Case(
        "filtered by status",
        "GET",
        DEVICES,
        "admin",
        200,
        {**OK, "total_devices": 0, "devices": [], "next_page_token": ""},
        params={"name": "{own_name}", "status": "error"},
    ),
    Case(
        "a page of one",
        "GET",
        DEVICES,
        "admin",
        200,
        {**OK, "total_devices": WHOLE, "devices": LIST, "next_page_token": TEXT},
        params={"page_size": "1"},
    ),
    Case(
        "one",
        "GET",
        ONE,
        "viewer",
        200,
        lambda w: {**OK, "device": device(w.own), "desired_version": 0, "telemetry_count": 3},
    ),
    Case(
        "changed",
        "PUT",
        ONE,
        "admin",
        200,
        lambda w: {**OK, "message": TEXT, "device": device(w.own, location="roof", description="d")},
        {"location": "roof", "description": "d"},
    ),
    Case(
        "its status changed",
        "PUT",
        ONE,
        "admin",
        200,
        lambda w: {**OK, "message": TEXT, "device": device(w.own, status="inactive", is_online=False)},
        {"status": "inactive"},
    ),
    Case(
        "a status that there is not",
        "PUT",
        ONE,
        "admin",
        400,
        refusal(400, "INVALID_ARGUMENT", "status"),
        {"status": "gone"},
    ),
    Case(
        "measurements",
        "GET",
        f"{ONE}/measurements",
        "viewer",
        200,
        {**OK, "measurements": Like("temp among them", lambda value: {"name": "temp", "type": "TEXT"} in value)},
        before=lambda w: unavailable(w),
    ),
    Case(
        "a measurement dropped",
        "DELETE",
        f"{ONE}/measurements/temp",
        "admin",
        200,
        {**OK, "message": TEXT},
        before=lambda w: unavailable(w),
    ),
    Case(
        "an unknown measurement dropped",
        "DELETE",
        f"{ONE}/measurements/unknown",
        "admin",
        404,
        refusal(404, "MEASUREMENT_NOT_FOUND", "measurement"),
    ),
    Case(
        "a measurement in another type",
        "PUT",
        f"{ONE}/measurements/temp",
        "admin",
        200,
        {**OK, "message": TEXT, "measurement": {"name": "temp", "type": "DOUBLE"}},
        {"type": "DOUBLE"},
        before=lambda w: unavailable(w, "21.5"),
    ),
    Case(
        "a measurement in a type that it does not fit",
        "PUT",
        f"{ONE}/measurements/temp",
        "admin",
        400,
        refusal(400, "NOT_LOSSLESS", "type"),
        {"type": "DOUBLE"},
        before=lambda w: unavailable(w),
    ),
    Case(
        "a measurement in a type that there is not",
        "PUT",
        f"{ONE}/measurements/temp",
        "admin",
        400,
        refusal(400, "INVALID_ARGUMENT", "type"),
        {"type": "COMPLEX"},
    ),
    Case(
        "audit of a dropped measurement",
        "GET",
        AUDIT,
        "admin",
        200,
        entry("telemetry.drop_measurement", measurement="temp", type="TEXT"),
        params={"target": "device:{own}"},
        before=lambda w: dropped(w),
    ),
    Case("a new key", "POST", f"{ONE}/reset-key", "admin", 200, lambda w: reset(w), {}),
    Case(
        "a new key beside the old one",
        "POST",
        f"{ONE}/reset-key",
        "admin",
        200,
        lambda w: reset(w),
        {"grace_seconds": 60},
    ),
    Case(
        "a grace without end",
        "POST",
        f"{ONE}/reset-key",
        "admin",
        400,
        refusal(400, "INVALID_ARGUMENT", "grace_seconds"),
        {"grace_seconds": -1},
    ),
    Case("no change", "PUT", ONE, "admin", 400, refusal(400, "INVALID_ARGUMENT"), {}),
    Case("a bad name", "PUT", ONE, "admin", 400, refusal(400, "INVALID_ARGUMENT", "name"), {"name": "a/b"}),
    Case(
        "a taken name",
        "PUT",
        ONE,
        "admin",
        409,
        refusal(409, "NAME_TAKEN", "name"),
        {"name": "taken"},
        before=lambda w: w.call("POST", "/api/v1/devices/register", "nobody", json={"name": "taken"}),
    ),
    Case("removed", "DELETE", ONE, "admin", 200, lambda w: {**OK, "message": TEXT, "device_id": w.own.id}),
    Case(
        "set inactive",
        "PUT",
        f"{ONE}/status",
        "admin",
        200,
        lambda w: {**OK, "message": TEXT, "device_id": w.own.id, "old_status": "active", "new_status": "inactive"},
        {"status": "inactive"},
    ),
    Case(
        "an unknown status",
        "PUT",
        f"{ONE}/status",
        "admin",
        400,
        refusal(400, "INVALID_ARGUMENT", "status"),
        {"status": "gone"},
    ),
    Case(
        "command",
        "POST",
        f"{ONE}/commands",
        "admin",
        201,
        lambda w: {**OK, "message": TEXT, "command": {**command_cases.queued(w), "expires_at": TIME}},
        {"name": "reboot", "parameters": {"delay": 5}, "time_to_live_seconds": 60},
    ),
    Case(
        "command without a name",
        "POST",
        f"{ONE}/commands",
        "admin",
        400,
        refusal(400, "INVALID_ARGUMENT", "name"),
        {"parameters": {}},
    ),
    Case("desired", "PUT", f"{ONE}/config", "admin", 200, lambda w: desired(w, 1, a=1), {"configuration": {"a": 1}}),
    Case(
        "desired again, on the version it is based on",
        "PUT",
        f"{ONE}/config",
        "admin",
        200,
        lambda w: desired(w, 2, a=2),
        {"configuration": {"a": 2}, "expected_version": 1},
        before=set_desired,
    ),
    Case(
        "desired, changed by somebody else",
        "PUT",
        f"{ONE}/config",
        "admin",
        409,
        refusal(409, "VERSION_CONFLICT", "expected_version", code=10),
        {"configuration": {"a": 2}, "expected_version": 0},
        before=set_desired,
    ),
    *twin_cases.CASES,
    *command_cases.CASES,
    Case(
        "desired without content",
        "PUT",
        f"{ONE}/config",
        "admin",
        400,
        refusal(400, "INVALID_ARGUMENT", "configuration"),
        {},
    ),
    Case(
        "front page",
        "GET",
        "/api/v1/admin/dashboard",
        "viewer",
        200,
        {**OK, "timestamp": TIME, "devices": COUNTS, "recently_seen": LIST, "ingest": INGEST},
    ),
    Case(
        "analytics",
        "GET",
        "/api/v1/admin/analytics",
        "viewer",
        200,
        {
            **OK,
            **dict.fromkeys(("by_type", "by_status", "by_location", "by_firmware_version", "registrations"), COUNTED),
        },
    ),
    Case(
        "stats",
        "GET",
        "/api/v1/admin/stats",
        "viewer",
        200,
        {
            **OK,
            "timestamp": TIME,
            "device_stats": COUNTS,
            "ingest_stats": INGEST,
            "tokens": WHOLE,
            "open_commands": WHOLE,
        },
    ),
    Case(
        "new token",
        "POST",
        TOKENS,
        "admin",
        201,
        {**OK, "token": {**TOKEN, "expires_at": TIME}, "secret": TEXT},
        {"name": "a viewer", "role": "viewer", "time_to_live_seconds": 60},
    ),
    Case(
        "token of an unknown role",
        "POST",
        TOKENS,
        "admin",
        400,
        refusal(400, "INVALID_ARGUMENT", "role"),
        {"name": "x", "role": "king"},
    ),
    *(
        Case("a misspelt field", "POST", path, "admin", 400, refusal(400, "UNKNOWN_FIELD", name), body)
        for path, name, body in (
            (TOKENS, "time_to_live", {"name": "without end", "role": "admin", "time_to_live": 60}),
            (TOKENS, "ttl", {"name": "without end", "role": "admin", "ttl": 60}),
            (f"{ONE}/reset-key", "grace", {"grace": 3600}),
        )
    ),
    *(
        Case("a field twice", "POST", path, "admin", 400, refusal(400, "AMBIGUOUS_FIELD", name), raw=body)
        for path, name, body in (
            (TOKENS, "role", b'{"name": "x", "role": "viewer", "role": "admin"}'),
            (
                TOKENS,
                "time_to_live_seconds",
                b'{"name": "x", "role": "viewer", "time_to_live_seconds": 60, "timeToLiveSeconds": 0}',
            ),
            (f"{ONE}/reset-key", "grace_seconds", b'{"grace_seconds": 0, "grace_seconds": 3600}'),
        )
    ),
    *(
        Case(name, "POST", TOKENS, "admin", 400, refusal(400, "BAD_JSON"), raw=body)
        for name, body in (("a list", b"[]"), ("cut short", b'{"name": "x", '), ("no text", b"\xff\xfe"))
    ),
    Case(
        "the other spelling",
        "POST",
        TOKENS,
        "admin",
        201,
        {**OK, "token": {**TOKEN, "expires_at": TIME}, "secret": TEXT},
        {"name": "another viewer", "role": "viewer", "timeToLiveSeconds": 60},
    ),
    Case(
        "a word for a number",
        "POST",
        TOKENS,
        "admin",
        400,
        refusal(400, "INVALID_ARGUMENT", "time_to_live_seconds"),
        {"name": "x", "role": "viewer", "time_to_live_seconds": "soon"},
    ),
    Case("tokens", "GET", TOKENS, "admin", 200, {**OK, "tokens": LIST}),
    Case("no such token", "DELETE", f"{TOKENS}/999999", "admin", 404, refusal(404, "TOKEN_NOT_FOUND")),
    Case(
        "audit of a device",
        "GET",
        AUDIT,
        "admin",
        200,
        entry("device.update", location="roof"),
        params={"target": "device:{own}"},
        before=lambda w: w.call("PUT", ONE, "admin", json={"location": "roof"}),
    ),
    Case(
        "a bad token of a page",
        "GET",
        AUDIT,
        "admin",
        400,
        refusal(400, "INVALID_ARGUMENT", "page_token"),
        params={"page_token": "x"},
    ),
    *(
        Case("of no device", method, path, "admin", 404, refusal(404, "DEVICE_NOT_FOUND"), body)
        for method, path, body in (
            ("GET", NOWHERE, None),
            ("PUT", NOWHERE, {"location": "x"}),
            ("DELETE", NOWHERE, None),
            ("PUT", f"{NOWHERE}/status", {"status": "active"}),
            ("GET", f"{NOWHERE}/measurements", None),
            ("DELETE", f"{NOWHERE}/measurements/m", None),
            ("PUT", f"{NOWHERE}/measurements/m", {"type": "TEXT"}),
            ("POST", f"{NOWHERE}/reset-key", {}),
            ("POST", f"{NOWHERE}/commands", {"name": "x"}),
            ("GET", f"{NOWHERE}/commands", None),
            ("GET", f"{NOWHERE}/config", None),
            ("PATCH", f"{NOWHERE}/config", {"patch": {"a": 1}}),
            ("GET", f"{NOWHERE}/config/versions", None),
            ("PUT", f"{NOWHERE}/config", {"configuration": {}}),
        )
    ),
    *(
        Case(f"as {who}", method, path, who, status, refusal(status, reason), body)
        for method, path, body, viewers in (
            ("GET", DEVICES, None, True),
            ("GET", ONE, None, True),
            ("PUT", ONE, {"location": "x"}, False),
            ("DELETE", ONE, None, False),
            ("PUT", f"{ONE}/status", {"status": "active"}, False),
            ("GET", f"{ONE}/measurements", None, True),
            ("DELETE", f"{ONE}/measurements/note", None, False),
            ("PUT", f"{ONE}/measurements/note", {"type": "TEXT"}, False),
            ("POST", f"{ONE}/reset-key", {}, False),
            ("POST", f"{ONE}/commands", {"name": "x"}, False),
            ("PUT", f"{ONE}/config", {"configuration": {"a": 1}}, False),
            ("PATCH", f"{ONE}/config", {"patch": {"a": 1}}, False),
            ("GET", f"{ONE}/config", None, True),
            ("GET", f"{ONE}/config/versions", None, True),
            ("GET", f"{ONE}/commands", None, True),
            ("GET", "/api/v1/admin/commands", None, True),
            ("GET", "/api/v1/admin/commands/1", None, True),
            ("POST", "/api/v1/admin/commands/1/cancel", {}, False),
            ("POST", "/api/v1/admin/groups/probe/commands", {"name": "x"}, False),
            ("GET", "/api/v1/admin/dashboard", None, True),
            ("GET", "/api/v1/admin/analytics", None, True),
            ("GET", "/api/v1/admin/stats", None, True),
            ("POST", TOKENS, {"name": "x", "role": "admin"}, False),
            ("GET", TOKENS, None, False),
            ("DELETE", f"{TOKENS}/1", None, False),
            ("GET", AUDIT, None, False),
        )
        for who, status, reason in (
            ("nobody", 401, "CREDENTIAL_REQUIRED"),
            ("wrong token", 401, "WRONG_TOKEN"),
            ("device", 403, "WRONG_ROLE"),
            ("viewer", 403, "WRONG_ROLE"),
        )
        if not (viewers and who == "viewer")
    ),
]


def reset(world: World) -> dict[str, Any]:
    return {**OK, "message": TEXT, "device_id": world.own.id, "api_key": KEY}
