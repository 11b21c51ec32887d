"""JSON of devices: exact integers, flat readings, unusual names, short times, and invalid bodies."""

import json
from typing import Any

import pytest

from tests.e2e.rest.telemetry_cases import BATCH, OF, SUBMIT
from tests.e2e.rest.world import World

CONFIG = "/api/v1/devices/config"
T = "2026-02-03T04:05:06Z"
EVER = {"start_time": "2026-02-03", "end_time": "2026-02-04"}
ODD_NAMES = ["switch:0", "1-0:1.8.0", "Temperature [°C]", "a b", "Wind (m/s)", "CO₂ [µg/m³]", "% load", "#1", "größe"]


def rows(world: World, **params: str) -> list[dict[str, Any]]:
    answer = world.call("GET", OF, "device", params={**EVER, **params})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


@pytest.mark.parametrize("number", [2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63)])
@pytest.mark.parametrize("path", [SUBMIT, BATCH])
def test_integers_keep_every_digit(world: World, path: str, number: int) -> None:
    """Beyond 2^53 as a text, for clients whose JSON has doubles only."""
    reading = {"data": {"serial": number, "nested": {"id": number}}, "timestamp": T}
    body = reading if path == SUBMIT else {"readings": [reading]}
    assert world.call("POST", path, "device", json=body).is_success
    assert rows(world) == [
        {
            "timestamp": "2026-02-03T04:05:06.000Z",
            "serial": str(number),
            "nested": json.dumps({"id": number}, separators=(",", ":")),
        }
    ]
    latest = world.call("GET", f"{OF}/latest", "device", params={"fields": "serial"}).json()
    assert latest["latest_data"] == {"serial": str(number)}


def test_integers_that_fit_a_double_are_accepted(world: World) -> None:
    for body in ({"n": 5}, {"n": 2**53}, {"n": 2**60}, {"n": 0.5}):
        assert world.call("POST", SUBMIT, "device", json={"data": body}).status_code == 201


def test_an_integer_that_its_series_cannot_store_is_rejected_by_name(world: World) -> None:
    assert world.call("POST", SUBMIT, "device", json={"data": {"n": 0.5}}).status_code == 201
    answer = world.call("POST", SUBMIT, "device", json={"data": {"n": 2**53 + 1}})
    assert (answer.status_code, answer.json()["details"][0]["reason"]) == (400, "TYPE_CONFLICT")
    assert answer.json()["details"][0]["metadata"]["field"] == "data.n"


@pytest.mark.parametrize("digits", ["9223372036854775808", "18446744073709551616", "-9223372036854775809", "1" * 300])
def test_an_integer_of_more_than_64_bits_is_rejected_by_name(world: World, digits: str) -> None:
    raw = b'{"readings": [{"data": {"good": 1}}, {"data": {"serial": %s, "good": 2}}]}' % digits.encode()
    answer = world.call("POST", BATCH, "device", content=raw).json()
    assert answer["accepted"] == 2
    assert [(one["index"], one["measurement"], one["reason"]) for one in answer["rejected"]] == [
        (1, "serial", "INVALID_VALUE")
    ]


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_reported_configuration_keeps_every_digit(world: World, method: str) -> None:
    document = {"serial": 2**63 - 1, "inner": [{"id": -(2**53) - 1}], "small": 5}
    answer = world.call(method, CONFIG, "device", json={"configuration": document})
    shown = {"serial": str(2**63 - 1), "inner": [{"id": str(-(2**53) - 1)}], "small": 5}
    assert answer.json()["device"]["configuration"] == shown
    body = {"config_key": "uid", "config_value": str(2**62 + 1), "data_type": "integer"}
    assert world.call(method, CONFIG, "device", json=body).json()["config_value"] == str(2**62 + 1)
    assert world.call("GET", CONFIG, "device").json()["configuration"] == {**shown, "uid": str(2**62 + 1)}


@pytest.mark.parametrize(
    ("method", "path", "who", "body", "field"),
    [
        ("PUT", CONFIG, "device", {"configuration": {"a": [2**64]}}, "configuration.a[0]"),
        ("PUT", CONFIG, "device", {"config_key": "a", "config_value": 2**64}, "config_value"),
        ("PUT", "/api/v1/admin/devices/{own}/config", "admin", {"configuration": {"a": 2**53 + 1}}, "configuration.a"),
        ("PATCH", "/api/v1/admin/devices/{own}/config", "admin", {"patch": {"a": {"b": 2**60}}}, "patch.a.b"),
        (
            "POST",
            "/api/v1/admin/devices/{own}/commands",
            "admin",
            {"name": "x", "parameters": {"a": [2**53 + 1]}},
            "parameters.a[0]",
        ),
    ],
)
def test_integers_that_would_lose_digits_are_rejected_by_name(
    world: World, method: str, path: str, who: str, body: dict[str, Any], field: str
) -> None:
    answer = world.call(method, path, who, json=body)
    assert (answer.status_code, answer.json()["details"][0]["metadata"]["field"]) == (400, field), answer.text


def test_a_desired_integer_is_in_sync_with_its_text_for_the_device(world: World) -> None:
    """As a text, which admins write and devices read."""
    wanted = {"configuration": {"uid": str(2**60)}}
    assert world.call("PUT", "/api/v1/admin/devices/{own}/config", "admin", json=wanted).status_code == 200
    assert world.call("PUT", CONFIG, "device", json={"configuration": {"uid": 2**60}}).status_code == 200
    assert "difference" not in world.call("GET", CONFIG, "device").json()


@pytest.mark.parametrize("name", ODD_NAMES)
def test_unusual_names_of_devices_are_kept(world: World, name: str) -> None:
    assert world.call("POST", SUBMIT, "device", json={"data": {name: 1}, "timestamp": T}).status_code == 201
    assert rows(world, fields=name) == [{"timestamp": "2026-02-03T04:05:06.000Z", name: 1}]
    params = {"fields": name, "format": "csv", **EVER, "device_ids": str(world.own.id)}
    header = world.call("GET", "/api/v1/telemetry/export", "device", params=params).text.splitlines()[0]
    assert name in header


@pytest.mark.parametrize(
    "flat",
    [
        {"temperature": 21.5, "humidity": 40, "ts": "12345", "api_key": "k", "device_id": None, "none": None},
        {"temperature": 21.5, "humidity": 40, "timestamp": 0, "message_id": 7, "metadata": None},
    ],
)
def test_a_flat_reading_with_an_uptime_has_its_arrival_time(world: World, flat: dict[str, Any]) -> None:
    """The uptime is not taken for a time."""
    answer = world.call("POST", SUBMIT, "device", json=flat)
    assert (answer.status_code, answer.json()["timestamp"] > "2026") == (201, True)
    latest = world.call("GET", f"{OF}/latest", "device", params={"fields": "temperature,humidity,ts,none"}).json()
    assert latest["latest_data"] == {"temperature": 21.5, "humidity": 40}


def test_a_list_of_flat_readings_is_stored(world: World) -> None:
    answer = world.call(
        "POST", BATCH, "device", json=[{"a": 1, "ts": T}, {"a": 2, "gps": {"lat": 1}}, {"data": {"a": 3}}]
    )
    assert answer.json()["accepted"] == 2
    assert [(one["index"], one["reason"]) for one in answer.json()["rejected"]] == [(1, "INVALID_PAYLOAD")]


def test_a_rejected_reading_does_not_affect_others(world: World) -> None:
    wrong = [{"data": [1]}, 5, {"data": {"t": 1}, "timestamp": True}, {"data": {"t": 1}, "metadata": [1]}, {}]
    good = [{"data": {"t": 1}, "timestamp": 1770091506 + n} for n in range(3)]
    answer = world.call("POST", BATCH, "device", json={"readings": [good[0], *wrong, *good[1:]]}).json()
    assert answer["accepted"] == 3
    reasons = ["INVALID_PAYLOAD", "INVALID_PAYLOAD", "INVALID_TIME", "INVALID_PAYLOAD", "INVALID_PAYLOAD"]
    assert [(one["index"], one["reason"]) for one in answer["rejected"]] == list(enumerate(reasons, 1))


def test_readings_of_one_millisecond_are_counted_as_merged(world: World) -> None:
    readings = [{"data": {"t": n}, "timestamp": f"2026-02-03T04:05:06.000{n}00Z"} for n in range(10)]
    answer = world.call("POST", BATCH, "device", json={"readings": readings}).json()
    assert (answer["accepted"], answer["merged"]) == (10, 9)
    assert [row["t"] for row in rows(world)] == [9]


@pytest.mark.parametrize("digits", ["210606140010", 210606140010, "20240131120000", "17000000000", "202401311200000"])
def test_digits_that_are_not_a_time_are_rejected_by_name(world: World, digits: object) -> None:
    answer = world.call("POST", SUBMIT, "device", json={"data": {"t": 1}, "timestamp": digits})
    assert (answer.status_code, answer.json()["details"][0]["metadata"]["field"]) == (400, "timestamp")
    assert "digits" in answer.json()["message"]
    asked = world.call("GET", OF, "device", params={"start_time": str(digits)})
    assert (asked.status_code, "digits" in asked.json()["message"]) == (400, True)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b'{"data": {"t": 1,}}', "trailing comma is not allowed, at line 1, column 17"),
        (b'\xef\xbb\xbf{"data": {"t": 1}}', "byte order mark"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"", "empty"),
        (b'{"data": {"t": "\xff"}}', "UTF-8"),
    ],
)
@pytest.mark.parametrize("path", [SUBMIT, BATCH, CONFIG])
def test_malformed_json_gets_a_readable_error(world: World, path: str, body: bytes, word: str) -> None:
    answer = world.call("POST", path, "device", content=body)
    assert (answer.status_code, answer.json()["details"][0]["reason"]) == (400, "BAD_JSON"), answer.text
    assert word in answer.json()["message"]


@pytest.mark.parametrize(
    "content_type", ["", "application/json; charset=utf-8", "text/plain", "application/x-www-form-urlencoded"]
)
def test_the_content_type_is_ignored(world: World, content_type: str) -> None:
    headers = {"content-type": content_type} if content_type else {}
    body = b'{"data": {"t": 1}}'
    assert world.call("POST", SUBMIT, "device", content=body, headers=headers).status_code == 201


def test_unknown_fields_that_leave_a_request_empty_are_named(world: World) -> None:
    telegraf = {"metrics": [{"fields": {"load": 1}, "name": "system", "tags": {"host": "a"}, "timestamp": 1770091506}]}
    answer = world.call("POST", BATCH, "device", json=telegraf)
    assert (answer.status_code, "metrics" in answer.json()["message"]) == (400, True)
    answer = world.call("POST", SUBMIT, "device", json=telegraf["metrics"][0])
    assert (answer.status_code, "fields" in answer.json()["message"]) == (400, True)


@pytest.mark.parametrize("spelling", ["device_id", "deviceId"])
def test_no_spelling_of_a_field_writes_for_another_device(world: World, spelling: str) -> None:
    for path, body in ((SUBMIT, {"data": {"t": 1}}), (BATCH, {"readings": [{"data": {"t": 1}}]})):
        answer = world.call("POST", path, "device", json={**body, spelling: world.other.id})
        assert answer.status_code == 403
