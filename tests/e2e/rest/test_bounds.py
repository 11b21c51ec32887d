"""Requests of one caller do not affect other callers."""

import json
from typing import Any

import pytest

from tests.e2e.rest.shapes import refusal, without_noise
from tests.e2e.rest.telemetry_cases import BATCH, OF, SUBMIT
from tests.e2e.rest.world import World

CONFIG = "/api/v1/devices/config"


def nested(depth: int) -> Any:
    content: Any = 1
    for _ in range(depth):
        content = {"a": content}
    return content


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (BATCH, {"readings": [{"data": {"bad;name": 1}}] * 10_000}),
        (SUBMIT, {"data": {f"bad;name {n}": 1 for n in range(900)}}),
        (SUBMIT, {"data": {"n" * 20_000: 1}}),
        (SUBMIT, {"data": {"é" * 5_000: 1}}),
    ],
)
def test_the_error_of_a_very_large_request_is_an_ordinary_error(world: World, path: str, body: object) -> None:
    answer = world.call("POST", path, "device", json=body)
    assert answer.status_code == 400, answer.text[:500]
    assert answer.json()["details"][0]["reason"] == "INVALID_NAME"
    assert len(answer.content) < 8_000


@pytest.mark.parametrize(
    ("method", "path", "who", "body", "field"),
    [
        ("POST", SUBMIT, "device", {"data": nested(20)}, "data"),
        ("POST", SUBMIT, "device", {"data": nested(60)}, "data"),
        ("PUT", CONFIG, "device", {"configuration": nested(20)}, "configuration"),
        ("PUT", CONFIG, "device", {"configuration": nested(60)}, "configuration"),
        ("POST", CONFIG, "device", {"config_key": "a", "config_value": nested(20)}, "config_value"),
        (
            "POST",
            CONFIG,
            "device",
            {"config_key": "a", "config_value": "[" * 60 + "]" * 60, "data_type": "json"},
            "config_value",
        ),
        ("PUT", "/api/v1/admin/devices/{own}/config", "admin", {"configuration": nested(20)}, "configuration"),
        (
            "POST",
            "/api/v1/admin/devices/{own}/commands",
            "admin",
            {"name": "x", "parameters": nested(20)},
            "parameters",
        ),
    ],
)
def test_values_nested_too_deeply_for_a_response_are_not_stored(
    world: World, method: str, path: str, who: str, body: dict[str, Any], field: str
) -> None:
    answer = world.call(method, path, who, json=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["details"][1]["field_violations"][0]["field"].startswith(field)
    for seen in ("/api/v1/devices/status", CONFIG, "/api/v1/devices/commands"):
        assert world.call("GET", seen, "device").status_code == 200


@pytest.mark.parametrize(
    ("path", "content", "headers"),
    [
        (f"{OF}?fields=%C0%80", None, {}),
        ("/api/v1/devices/commands/1/ack", json.dumps({"result": nested(60)}).encode(), {}),
    ],
)
def test_errors_of_malformed_bodies_do_not_quote_the_parser(
    world: World, path: str, content: bytes | None, headers: dict[str, str]
) -> None:
    answer = world.call("POST" if content else "GET", path, "device", content=content, headers=headers)
    assert (answer.status_code, without_noise(answer.json())) == (400, refusal(400, "MALFORMED"))


def test_headers_of_grpc_have_no_effect_over_rest(world: World) -> None:
    headers = {"foo-bin": "!!!", "grpc-timeout": "0n", "grpc-internal-encoding-request": "1"}
    assert world.call("GET", CONFIG, "device", headers=headers).status_code == 200


def test_a_long_url_is_answered(world: World) -> None:
    fields = ",".join(f"measurement_{number}" for number in range(1_000))
    assert world.call("GET", OF, "device", params={"fields": fields}).status_code == 200


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/api/v1/admin/devices", {"page_token": "aWQ6OTIyMzM3MjAzNjg1NDc3NTgwOA"}),
        ("/api/v1/admin/audit", {"page_token": "aWQ6OTIyMzM3MjAzNjg1NDc3NTgwOA"}),
        (f"{OF}/aggregated", {"window": "100000000000000w"}),
        (f"{OF}/aggregated", {"window": "1000000000000w", "fill": "null"}),
        (OF, {"start_time": "20260131"}),
    ],
)
def test_forged_page_tokens_and_invalid_times_are_rejected(world: World, path: str, params: dict[str, str]) -> None:
    assert world.call("GET", path, "admin", params=params).status_code == 400


def test_a_page_of_very_large_rows_is_shorter_and_has_a_next_page(world: World) -> None:
    text = "x" * 60_000
    times = [f"2026-03-01T00:00:{second:02}Z" for second in range(60)]
    for start in (0, 30):
        readings = [{"timestamp": time, "data": {"note": text, "more": text}} for time in times[start : start + 30]]
        assert world.call("POST", BATCH, "device", json={"readings": readings}).json()["accepted"] == 30
    params = {"start_time": "2026-03-01", "limit": 10_000, "page_token": ""}
    seen = []
    while True:
        page: dict[str, Any] = world.call("GET", OF, "device", params=params).json()
        assert len(page["data"]) == page["count"] < 60
        seen += [row["timestamp"] for row in page["data"]]
        params["page_token"] = page["next_page_token"]
        if not params["page_token"]:
            break
    assert len(seen) == len(set(seen)) == 60
