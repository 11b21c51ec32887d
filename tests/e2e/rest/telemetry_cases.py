"""TelemetryService over REST: successful calls."""

from typing import Any

from tests.e2e.rest.case import Case
from tests.e2e.rest.shapes import TEXT, TIME, WHOLE
from tests.e2e.rest.world import END, READINGS, START, Registered, World

SUBMIT, BATCH, OWN = "/api/v1/devices/telemetry", "/api/v1/devices/telemetry/batch", "/api/v1/devices/telemetry"
OF, LATEST_OF_MANY, STATUS = "/api/v1/telemetry/{own}", "/api/v1/telemetry/latest", "/api/v1/telemetry/status"
EXPORT = "/api/v1/telemetry/export"
SPAN = {"start_time": START, "end_time": END}
FROM_TO = {"from": START, "to": END}


def row(minute: int, *fields: str) -> dict[str, Any]:
    """A reading of READINGS in a response."""
    data = READINGS[minute]["data"]
    assert isinstance(data, dict)
    shown = {name: data[name] for name in fields} if fields else data
    return {"timestamp": f"2026-01-01T00:0{minute}:00.000Z", **shown}


def head(device: Registered) -> dict[str, Any]:
    """The first members of each response about one device."""
    return {"device_id": device.id, "device_name": device.name, "device_type": "probe"}


def page(
    world: World, rows: list[dict[str, Any]], start: Any = "2026-01-01T00:00:00Z", more: Any = ""
) -> dict[str, Any]:
    return {**head(world.own), "start_time": start, "data": rows, "count": len(rows), "next_page_token": more}


def submitted(world: World, timestamp: Any = TIME) -> dict[str, Any]:
    return {
        "message": TEXT,
        "device_id": world.own.id,
        "device_name": world.own.name,
        "timestamp": timestamp,
        "stored_in_iotdb": True,
        "buffered": False,
    }


def windows(world: World, rows: list[dict[str, Any]], window: str, functions: list[str]) -> dict[str, Any]:
    return {
        **head(world.own),
        "window": window,
        "start_time": TIME,
        "end_time": TIME,
        "aggregation": functions,
        "data": rows,
        "count": len(rows),
    }


def window(minute: int, **figures: Any) -> dict[str, Any]:
    return {"timestamp": f"2026-01-01T00:0{minute}:00.000Z", **figures}


def latest(device: Registered, **data: Any) -> dict[str, Any]:
    answer = {**head(device), "latest_data": data, "latest_times": dict.fromkeys(data, "2026-01-01T00:02:00Z")}
    return {**answer, "timestamp": "2026-01-01T00:02:00Z"} if data else answer


NEWEST = {"temperature": 22.5, "ok": True, "note": "n2"}

CASES = [
    Case("now", "POST", SUBMIT, "device", 201, submitted, {"data": {"t": 1.5}}),
    Case("older path", "POST", "/api/v1/telemetry", "device", 201, submitted, {"data": {"t": 1.5}}),
    Case(
        "everything, with extras that older firmware sends",
        "POST",
        SUBMIT,
        "device",
        201,
        lambda world: submitted(world, "2026-01-02T10:00:00.250Z"),
        {
            "data": {"pm2.5": 7, "name-1": "x", "ok": True, "nothing": None, "list": [1, {"a": None}]},
            "metadata": {"fw": "1.2", "n": 5},
            "timestamp": "2026-01-02T12:00:00.25+02:00",
            "api_key": "extra",
        },
    ),
    *(
        Case(
            f"time written {time}",
            "POST",
            SUBMIT,
            "device",
            201,
            lambda world, stored=stored: submitted(world, stored),
            {"data": {"t": 1}, "timestamp": time},
        )
        for time, stored in (
            ("2026-01-02T10:00:00", "2026-01-02T10:00:00Z"),
            ("2026-01-02 10:00:00.123456", "2026-01-02T10:00:00.123Z"),
            ("1767348000", "2026-01-02T10:00:00Z"),
            ("1767348000250", "2026-01-02T10:00:00.250Z"),
            ("-24h", TIME),
            ("now", TIME),
        )
    ),
    Case(
        "many, some refused",
        "POST",
        BATCH,
        "device",
        200,
        {
            "accepted": 2,
            "rejected": [
                {
                    "sequence": "0",
                    "index": 1,
                    "count": 1,
                    "measurement": "temperature",
                    "reason": "TYPE_CONFLICT",
                    "message": TEXT,
                    "retryable": False,
                },
                {
                    "sequence": "0",
                    "index": 2,
                    "count": 1,
                    "measurement": "",
                    "reason": "INVALID_TIME",
                    "message": TEXT,
                    "retryable": False,
                },
                {
                    "sequence": "0",
                    "index": 3,
                    "count": 1,
                    "measurement": "bad;name",
                    "reason": "INVALID_NAME",
                    "message": TEXT,
                    "retryable": False,
                },
                {
                    "sequence": "0",
                    "index": 4,
                    "count": 1,
                    "measurement": "",
                    "reason": "EMPTY_DATA",
                    "message": TEXT,
                    "retryable": False,
                },
            ],
            "buffered": False,
        },
        {
            "readings": [
                {"data": {"temperature": 1}},
                {"data": {"temperature": "warm"}},
                {"data": {"temperature": 1}, "timestamp": "yesterday"},
                {"data": {"temperature": 2, "bad;name": 1}},
                {"data": {}},
            ]
        },
    ),
    Case("newest first", "GET", OF, "device", 200, lambda w: page(w, [row(2), row(1), row(0)]), params=SPAN),
    Case("own", "GET", OWN, "device", 200, lambda w: page(w, [row(2), row(1), row(0)]), params=SPAN),
    Case("of the last hour", "GET", OF, "device", 200, lambda w: page(w, [], TIME)),
    Case(
        "some fields",
        "GET",
        OF,
        "device",
        200,
        lambda w: page(w, [row(i, "ok", "note") for i in (2, 1, 0)]),
        params={**SPAN, "fields": "note,ok"},
    ),
    Case("an unknown field", "GET", OF, "device", 200, lambda w: page(w, []), params={**SPAN, "fields": "humidity"}),
    Case(
        "first page",
        "GET",
        OF,
        "device",
        200,
        lambda w: page(w, [row(2), row(1)], more=TEXT),
        params={**SPAN, "limit": 2},
    ),
    *(
        Case(f"as {who}", "GET", OF, who, 200, lambda w: page(w, [row(2), row(1), row(0)]), params=SPAN)
        for who in ("admin", "viewer", "admin, the older way", "nobody")
    ),
    Case("latest", "GET", f"{OF}/latest", "device", 200, lambda w: latest(w.own, **NEWEST)),
    Case(
        "latest of one field",
        "GET",
        f"{OF}/latest",
        "viewer",
        200,
        lambda w: latest(w.own, note="n2"),
        params={"fields": "note"},
    ),
    Case(
        "latest of a silent device", "GET", "/api/v1/telemetry/{other}/latest", "viewer", 200, lambda w: latest(w.other)
    ),
    *(
        Case(
            f"of many, {how}",
            "GET",
            f"{LATEST_OF_MANY}?device_ids={ids}",
            "viewer",
            200,
            lambda w: {"devices": [latest(w.own, **NEWEST), latest(w.other)], "count": 2},
        )
        for how, ids in (("by commas", "{own},{other}"), ("repeated", "{own}&device_ids={other}"))
    ),
    Case(
        "of many, a device asks",
        "GET",
        LATEST_OF_MANY,
        "device",
        200,
        lambda w: {"devices": [latest(w.own, note="n2")], "count": 1},
        params={"fields": "note", "device_type": "probe"},
    ),
    Case(
        "of another type",
        "GET",
        LATEST_OF_MANY,
        "viewer",
        200,
        {"devices": [], "count": 0},
        params={"device_ids": "{own}", "device_type": "no such"},
    ),
    Case(
        "hourly average by default",
        "GET",
        f"{OF}/aggregated",
        "device",
        200,
        lambda w: windows(w, [window(0, temperature={"avg": 21.5})], "1h", ["avg"]),
        params=SPAN,
    ),
    Case(
        "by minutes, several functions, the older word",
        "GET",
        f"{OF}/aggregated",
        "device",
        200,
        lambda w: windows(
            w,
            [window(i, temperature=dict.fromkeys(("mean", "min", "max"), 20.5 + i)) for i in range(3)],
            "1m",
            ["mean", "min", "max"],
        ),
        params={**SPAN, "window": "1m", "aggregation": "mean,min,max", "field": "temperature"},
    ),
    Case(
        "with empty windows",
        "GET",
        f"{OF}/aggregated",
        "device",
        200,
        lambda w: windows(
            w,
            [
                window(1, temperature={"last": 21.5, "count": 1}),
                window(2, temperature={"last": 22.5, "count": 1}),
                window(3, temperature={"last": None, "count": 0}),
            ],
            "1m",
            ["last", "count"],
        ),
        params={
            "start_time": "2026-01-01T00:01:00Z",
            "end_time": "2026-01-01T00:04:00Z",
            "window": "1m",
            "aggregation": "last,count",
            "fields": "temperature",
            "fill": "null",
        },
    ),
    Case(
        "between two times, oldest first",
        "GET",
        f"{OF}/range",
        "device",
        200,
        lambda w: {**page(w, [row(0), row(1), row(2)]), "end_time": "2026-01-01T01:00:00Z"},
        params=FROM_TO,
    ),
    Case(
        "the end is not in the range",
        "GET",
        f"{OF}/range",
        "device",
        200,
        lambda w: {**page(w, [row(0), row(1)]), "end_time": "2026-01-01T00:02:00Z"},
        params={"from": START, "to": "2026-01-01T00:02:00Z"},
    ),
    Case(
        "deleted",
        "DELETE",
        OF,
        "admin",
        200,
        lambda w: {
            "message": TEXT,
            "device_id": w.own.id,
            "start_time": "2026-01-01T00:00:00Z",
            "end_time": "2026-01-01T00:02:00Z",
        },
        params={"start_time": START, "end_time": "2026-01-01T00:02:00Z"},
    ),
    Case(
        "after a deletion",
        "GET",
        OF,
        "device",
        200,
        lambda w: page(w, [row(2)]),
        params=SPAN,
        before=lambda w: w.call(
            "DELETE", OF, "admin", params={"start_time": START, "end_time": "2026-01-01T00:02:00Z"}
        ),
    ),
    Case(
        "state of the store",
        "GET",
        STATUS,
        "nobody",
        200,
        {
            "iotdb_available": True,
            "iotdb_host": "",
            "iotdb_port": 0,
            "iotdb_database": "",
            "total_devices": WHOLE,
            "status": "healthy",
            "store": "sqlite",
        },
    ),
]
