"""Paths of the older service, with its keys and statuses."""

from typing import Any

from tests.e2e.rest.case import Case
from tests.e2e.rest.shapes import LIST, NUMBER, TEXT, TIME, WHOLE, Like, refusal
from tests.e2e.rest.world import World

STATUSES = "/api/v1/devices/statuses"
TELEMETRY = "/api/v1/mqtt/telemetry/{own}"
CONNECTED = {"healthy": True, "status": "connected", "message": ""}
INFO = {
    "name": "IoTFlow",
    "version": "0.1.0",
    "description": TEXT,
    "endpoints": {
        "health": "/health",
        "devices": "/api/v1/devices",
        "telemetry": "/api/v1/telemetry",
        "admin": "/api/v1/admin",
        "mqtt": "/api/v1/mqtt",
    },
    "documentation": TEXT,
}
STATUS = {
    "status": "healthy",
    "timestamp": TIME,
    "checks": dict.fromkeys(("database", "iotdb", "ingest", "redis"), CONNECTED),
    "metrics": {
        "system": {
            **dict.fromkeys(("cpu_percent", "memory_percent", "memory_available_mb", "disk_usage_percent"), NUMBER),
            "load_average": LIST,
        },
        "application": {"version": "0.1.0", "uptime_seconds": NUMBER},
        "devices": dict.fromkeys(("total_devices", "active_devices", "online_devices", "offline_devices"), WHOLE),
    },
    "failed_checks": [],
}


def stored(world: World) -> dict[str, Any]:
    return {
        "status": "success",
        "message": "Telemetry data processed successfully",
        "device_id": world.own.id,
        "device_name": world.own.name,
        "topic": f"iotflow/devices/{world.own.id}/telemetry",
        "timestamp": TIME,
    }


CASES = [
    Case("in general", "GET", "/", "nobody", 200, INFO),
    Case("how it is", "GET", "/status", "nobody", 200, STATUS),
    Case(
        "all",
        "GET",
        STATUSES,
        "nobody",
        200,
        {
            "status": "success",
            "devices": Like("devices", lambda value: len(value) >= 2),
            "meta": {"total": WHOLE, "limit": 100, "offset": 0, "cache_used": False},
        },
    ),
    *(
        Case(
            f"{name} {value}",
            "GET",
            STATUSES,
            "nobody",
            400,
            refusal(400, "INVALID_ARGUMENT", name),
            params={name: value},
        )
        for name, value in (("limit", "0"), ("limit", "10001"), ("offset", "-1"))
    ),
    *(
        Case(name, "POST", TELEMETRY, "device", 201, stored, body)
        for name, body in (
            (
                "a reading",
                {"data": {"temperature": 21.5}, "metadata": {"room": "a"}, "timestamp": "2026-01-01T00:00:00Z"},
            ),
            ("a flat reading with the key", {"temperature": 21.5, "ts": "12345", "api_key": "k" * 32}),
        )
    ),
    *(
        Case(name, "POST", TELEMETRY, "device", 400, refusal(400, reason, *fields), raw=body)
        for name, body, reason, fields in (
            ("nothing", b"", "BAD_JSON", ()),
            ("no JSON", b"{", "BAD_JSON", ()),
        )
    ),
    Case(
        "of another device", "POST", TELEMETRY, "other device", 401, refusal(401, "NOT_YOUR_DEVICE"), {"data": {"t": 1}}
    ),
    Case("without a key", "POST", TELEMETRY, "nobody", 401, refusal(401, "CREDENTIAL_REQUIRED"), {"data": {"t": 1}}),
    Case("with a wrong key", "POST", TELEMETRY, "wrong key", 401, refusal(401, "WRONG_KEY"), {"data": {"t": 1}}),
    Case("by a device", "GET", STATUSES, "device", 403, refusal(403, "WRONG_ROLE")),
]
