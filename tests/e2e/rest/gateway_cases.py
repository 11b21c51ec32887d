"""SystemService, and requests that the gateway rejects itself."""

from tests.e2e.rest.case import Case
from tests.e2e.rest.shapes import NUMBER, TEXT, TIME, refusal

HEALTH = {"status": "healthy", "message": TEXT, "version": "0.1.0", "timestamp": TIME, "uptime_seconds": NUMBER}
SUBMIT = "/api/v1/devices/telemetry"
CHECKS = [
    {"name": name, "status": "healthy", "message": ""} for name in ("database", "telemetry_store", "ingest", "live_bus")
]

CASES = [
    Case("in short", "GET", "/health", "nobody", 200, {**HEALTH, "checks": []}),
    Case("whatever the credential", "GET", "/health", "wrong key", 200, {**HEALTH, "checks": []}),
    Case("at length", "GET", "/health", "nobody", 200, {**HEALTH, "checks": CHECKS}, params={"detailed": "true"}),
    Case(
        "no broker in this version",
        "GET",
        "/api/v1/mqtt/status",
        "nobody",
        200,
        {
            "status": "unavailable",
            "connected": False,
            "host": "",
            "port": 1883,
            "broker_info": {"host": "", "port": 1883, "connected": False, "tls_enabled": False},
            "refused": {},
        },
    ),
    *(
        Case("unknown path", method, path, "device", 404, refusal(404, "UNKNOWN_PATH"))
        for method, path in (
            ("GET", "/nothing"),
            ("GET", "/api/v1/nothing"),
            ("GET", "/api/v2/telemetry/1"),
        )
    ),
    Case(
        "a method that the path does not have",
        "DELETE",
        "/api/v1/devices/register",
        "device",
        405,
        refusal(405, "METHOD_NOT_ALLOWED", code=12),
        headers={"allow": "POST"},
    ),
    *(
        Case(
            f"unknown parameter of {path}",
            "GET",
            path,
            "admin",
            400,
            refusal(400, "UNKNOWN_PARAMETER", "colour"),
            params={"colour": "red"},
        )
        for path in (
            "/api/v1/telemetry/{own}",
            "/api/v1/telemetry/{own}/latest",
            "/api/v1/telemetry/{own}/aggregated",
            "/api/v1/telemetry/{own}/range",
            "/api/v1/telemetry/latest",
            "/api/v1/telemetry/stream",
            "/api/v1/telemetry/export",
            "/api/v1/admin/devices",
            "/health",
        )
    ),
    Case(
        "an id that is none",
        "GET",
        "/api/v1/telemetry/kitchen",
        "admin",
        400,
        refusal(400, "INVALID_ARGUMENT", "device_id"),
    ),
    Case(
        "a limit that is none",
        "GET",
        "/api/v1/telemetry/{own}",
        "admin",
        400,
        refusal(400, "INVALID_ARGUMENT", "limit"),
        params={"limit": "many"},
    ),
    *(
        Case(f"body {raw[:20]!r}", "POST", SUBMIT, "device", 400, refusal(400, "BAD_JSON"), raw=raw)
        for raw in (b"{", b"[1]", b"hello", b'{"data": {"t": 1}} x', b'{"data": {"t": 1}, "data"}')
    ),
    *(
        Case(
            f"number {word.decode()}",
            "POST",
            SUBMIT,
            "device",
            400,
            refusal(400, "BAD_JSON", "data.t"),
            raw=b'{"data": {"t": %s}}' % word,
        )
        for word in (b"NaN", b"Infinity", b"-Infinity")
    ),
    Case(
        "data that is no object", "POST", SUBMIT, "device", 400, refusal(400, "INVALID_ARGUMENT", "data"), {"data": 5}
    ),
    Case(
        "a name that is no text",
        "POST",
        "/api/v1/devices/register",
        "nobody",
        400,
        refusal(400, "INVALID_ARGUMENT", "name"),
        {"name": 5},
    ),
    Case(
        "too large",
        "POST",
        SUBMIT,
        "device",
        413,
        refusal(413, "BODY_TOO_LARGE"),
        raw=b'{"data": {"t": "' + b"x" * 5_000_000 + b'"}}',
    ),
]
