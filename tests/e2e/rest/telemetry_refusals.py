"""TelemetryService over REST: errors."""

from tests.e2e.rest.case import Case
from tests.e2e.rest.shapes import refusal
from tests.e2e.rest.telemetry_cases import BATCH, EXPORT, FROM_TO, LATEST_OF_MANY, OF, SPAN, SUBMIT
from tests.e2e.rest.world import END, START

BAD = "INVALID_ARGUMENT"
GOOD = {"data": {"t": 1}}


def refused(name: str, body: object, reason: str, *fields: str, path: str = SUBMIT) -> Case:
    """A body that is rejected whole."""
    return Case(name, "POST", path, "device", 400, refusal(400, reason, *fields), body)


def query(name: str, path: str, params: dict[str, str], *fields: str, reason: str = BAD) -> Case:
    """A query that is rejected."""
    return Case(name, "GET", path, "device", 400, refusal(400, reason, *fields), params=params)


CASES = [
    refused("no data", {}, BAD, "data"),
    refused("empty data", {"data": {}}, "EMPTY_DATA", "data"),
    refused("only null", {"data": {"t": None}}, "EMPTY_DATA", "data"),
    refused("another type", {"data": {"temperature": "warm"}}, "TYPE_CONFLICT", "data.temperature"),
    refused(
        "one of two of another type", {"data": {"temperature": True, "new": 1}}, "TYPE_CONFLICT", "data.temperature"
    ),
    *(
        refused(f"measurement {name[:10]!r}", {"data": {name: 1}}, "INVALID_NAME", f"data.{name}")
        for name in ("a`b", "a'b", 'a"b', "a;b", "a,b", "a*b", "-a", ".a", "x" * 129, "timestamp")
    ),
    refused("a measurement without a name", {"data": {"": 1}}, "INVALID_NAME", "data"),
    refused("metadata that collides", {"data": {"meta_a": "1"}, "metadata": {"a": 1}}, "DUPLICATE_NAME", "data.meta_a"),
    refused("metadata of a bad name", {"data": {"t": 1}, "metadata": {"a;b": 1}}, "INVALID_NAME", "data.meta_a;b"),
    refused("text too long", {"data": {"t": "x" * 65_537}}, "INVALID_TEXT", "data.t"),
    refused("a time that is none", {**GOOD, "timestamp": "soon"}, BAD, "timestamp"),
    refused("a time out of range", {**GOOD, "timestamp": "999999999999999"}, BAD, "timestamp"),
    refused("a time far ahead", {**GOOD, "timestamp": "2100-01-01"}, "TIME_TOO_FAR_AHEAD", "timestamp"),
    refused(
        "only times far ahead",
        {"readings": [{**GOOD, "timestamp": "9999-01-01"}]},
        "TIME_TOO_FAR_AHEAD",
        "readings[0].timestamp",
        path=BATCH,
    ),
    refused("too many values", {"data": {f"m{i}": i for i in range(1_001)}}, "TOO_MANY_MEASUREMENTS", "data"),
    refused("no readings", {"readings": []}, BAD, "readings", path=BATCH),
    refused("too many readings", {"readings": [GOOD] * 10_001}, BAD, "readings", path=BATCH),
    refused("all refused", {"readings": [{"data": {"a;b": 1}}]}, "INVALID_NAME", "readings[0].data.a;b", path=BATCH),
    refused(
        "all or nothing",
        {"readings": [GOOD, {"data": {"temperature": "warm"}}], "atomic": True},
        "TYPE_CONFLICT",
        "readings[1].data.temperature",
        path=BATCH,
    ),
    *(
        Case(f"as {who}", "POST", path, who, status, refusal(status, reason), body)
        for path, body in ((SUBMIT, GOOD), (BATCH, {"readings": [GOOD]}))
        for who, status, reason in (
            ("nobody", 401, "CREDENTIAL_REQUIRED"),
            ("wrong key", 401, "WRONG_KEY"),
            ("wrong token", 401, "WRONG_TOKEN"),
            ("viewer", 403, "WRONG_ROLE"),
        )
    ),
    Case(
        "for another device",
        "POST",
        SUBMIT,
        "other device",
        403,
        refusal(403, "NOT_YOUR_DEVICE", "device_id"),
        {**GOOD, "device_id": 1},
    ),
    query("bad start", OF, {"start_time": "tomorrowish"}, "start_time"),
    query("bad end", OF, {"end_time": "-24q"}, "end_time"),
    query("turned round", OF, {"start_time": END, "end_time": START}, "end_time"),
    query("limit 0", OF, {"limit": "0"}, "limit"),
    query("limit 10001", OF, {"limit": "10001"}, "limit"),
    query("a token that is none", OF, {"page_token": "abc"}, "page_token"),
    query("bad window", f"{OF}/aggregated", {"window": "1 fortnight"}, "window"),
    query("window 0", f"{OF}/aggregated", {"window": "0s"}, "window"),
    query("too many windows", f"{OF}/aggregated", {"window": "1ms"}, "window"),
    query("bad function", f"{OF}/aggregated", {"aggregation": "avg,mode"}, "aggregation"),
    query("bad fill", f"{OF}/aggregated", {"fill": "zero"}, "fill"),
    query("range without a start", f"{OF}/range", {"to": END}, "start_time"),
    query("range turned round", f"{OF}/range", {"from": END, "to": START}, "to"),
    *(
        Case(f"unknown device {path}", "GET", path, "admin", 404, refusal(404, "DEVICE_NOT_FOUND"), params=params)
        for path, params in (
            ("/api/v1/telemetry/999999", SPAN),
            ("/api/v1/telemetry/999999/latest", {}),
            ("/api/v1/telemetry/999999/aggregated", SPAN),
            ("/api/v1/telemetry/999999/range", FROM_TO),
        )
    ),
    *(
        Case(
            "unknown device among many",
            "GET",
            path,
            "admin",
            404,
            refusal(404, "DEVICE_NOT_FOUND", "device_ids"),
            params={"device_ids": "999999"},
        )
        for path in (LATEST_OF_MANY, EXPORT)
    ),
    *(
        Case("another device's", "GET", path, "other device", 403, refusal(403, "NOT_YOUR_DEVICE"), params=params)
        for path, params in (
            (OF, SPAN),
            (f"{OF}/latest", {}),
            (f"{OF}/aggregated", SPAN),
            (f"{OF}/range", FROM_TO),
            (LATEST_OF_MANY, {"device_ids": "{own}"}),
            ("/api/v1/telemetry/stream", {"device_ids": "{own}"}),
            (EXPORT, {"device_ids": "{own}"}),
        )
    ),
    *(
        Case(f"deletion as {who}", "DELETE", OF, who, status, refusal(status, reason), params=SPAN)
        for who, status, reason in (
            ("nobody", 401, "CREDENTIAL_REQUIRED"),
            ("device", 403, "WRONG_ROLE"),
            ("viewer", 403, "WRONG_ROLE"),
        )
    ),
    Case(
        "deletion without a range",
        "DELETE",
        OF,
        "admin",
        400,
        refusal(400, BAD, "start_time", "end_time"),
    ),
    Case(
        "deletion of no device",
        "DELETE",
        "/api/v1/telemetry/999999",
        "admin",
        404,
        refusal(404, "DEVICE_NOT_FOUND"),
        params=SPAN,
    ),
    query("an export in no format", EXPORT, {"format": "xlsx"}, "format"),
    query("an export from a time that is none", EXPORT, {"start_time": "whenever"}, "start_time"),
    query("an export turned round", EXPORT, {"start_time": END, "end_time": START}, "end_time"),
    *(
        Case(f"export as {who}", "GET", EXPORT, who, status, refusal(status, reason))
        for who, status, reason in (("wrong key", 401, "WRONG_KEY"), ("wrong token", 401, "WRONG_TOKEN"))
    ),
    query("a since that is none", "/api/v1/telemetry/stream", {"since": "whenever"}, "since"),
]
