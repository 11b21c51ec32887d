"""Readings by WebSocket: each message gets the receipt of REST, after its readings are stored."""

import json
from typing import Any

import pytest

from tests.e2e.websocket.fleet import Device, Fleet
from tests.support.json_websocket import JsonClient, logged_in

BATCH = "/api/v1/devices/telemetry/batch"
AT = "2026-01-01T00:00:00Z"

BODIES: dict[str, dict[str, Any]] = {
    "stored": {"readings": [{"data": {"temperature": 21.5, "door": True}, "timestamp": AT}]},
    "flat": {"readings": [{"temperature": 21.5}]},
    "wide": {"readings": [{"data": {"count": 2**63 - 1}, "timestamp": AT}]},
    "partly rejected": {"readings": [{"data": {"temperature": 1}}, {"data": {"temperature": "warm"}}, 3]},
    "rejected": {"readings": [{"data": {"temperature": 1}, "timestamp": "yesterday"}]},
    "atomic": {"atomic": True, "readings": [{"data": {"a": 1}}, {"data": {"": 1}}]},
    "empty": {"readings": []},
    "no readings": {"data": {"temperature": 1}},
    "of another device": {"device_id": 2**31 - 1, "readings": [{"data": {"temperature": 1}}]},
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_receipts_are_the_answers_of_rest(fleet: Fleet, body: dict[str, Any]) -> None:
    by_rest, by_websocket = fleet.register(), fleet.register()
    for device in (by_rest, by_websocket):
        first = fleet.http.post(BATCH, json={"readings": [{"temperature": 1.5}]}, headers=device.headers)
        assert first.status_code == 200, first.text
    rest = fleet.http.post(BATCH, json=body, headers=by_rest.headers)
    with logged_in(fleet.rest, by_websocket.headers) as client:
        answer = client.ask({"type": "readings", "id": "r", **body})
    assert answer.pop("id") == "r"
    if rest.status_code == 200:
        assert answer == {"type": "receipt", **rest.json()}
    else:
        info = rest.json()["details"][0]
        assert answer.pop("type") == "error"
        assert answer["reason"] == info["reason"]
        assert (answer["retryable"], answer.get("field")) == (False, info["metadata"].get("field"))
        # Unknown fields that are named after the first sentences include the type and the id.
        message = answer["message"].replace(str(by_websocket.id), str(by_rest.id))
        assert message.partition(" The body has")[0] == rest.json()["message"].partition(" The body has")[0]


def test_a_receipt_means_stored(fleet: Fleet, client: JsonClient, device: Device) -> None:
    """Many messages in flight: each gets its own receipt."""
    values = list(range(200))
    for value in values:
        readings = [{"data": {"value": value}, "timestamp": 1_767_225_600_000 + value}]
        client.send({"type": "readings", "id": value, "readings": readings})
    receipts = [client.receive("receipt") for _ in values]
    assert sorted(receipt["id"] for receipt in receipts) == values
    assert {(receipt["accepted"], receipt["buffered"]) for receipt in receipts} == {(1, False)}
    assert fleet.stored(device, "value") == values


def test_a_gateway_names_the_device(fleet: Fleet, device: Device) -> None:
    with logged_in(fleet.rest, fleet.token("gateway")) as client:
        reading = {"data": {"level": 4}, "timestamp": AT}
        assert client.ask({"type": "readings", "device_id": device.id, "readings": [reading]})["accepted"] == 1
        assert client.ask({"type": "readings", "device_id": 2**31 - 1, "readings": [reading]})["type"] == "error"
    assert fleet.stored(device, "level") == [4]


def test_a_viewer_stores_nothing(fleet: Fleet, device: Device) -> None:
    with logged_in(fleet.rest, fleet.token("viewer")) as client:
        answer = client.ask({"type": "readings", "device_id": device.id, "readings": [{"temperature": 1}]})
        assert (answer["type"], answer["reason"]) == ("error", "WRONG_ROLE")
        assert client.ask({"type": "subscribe"})["type"] == "subscribed"


# A message, and the id, the reason and the field of the error.
MALFORMED: list[tuple[str | bytes, object, str, str | None]] = [
    ("", None, "BAD_JSON", None),
    ("{", None, "BAD_JSON", None),
    (b"\xff", None, "BAD_JSON", None),
    ("[]", None, "BAD_JSON", None),
    ('{"type": "readings", "id": 1, "readings": [{"a": NaN}]}', None, "BAD_JSON", "readings[0].a"),
    ('{"id": 7}', 7, "UNKNOWN_TYPE", "type"),
    ('{"type": "reading", "id": "x"}', "x", "UNKNOWN_TYPE", "type"),
    ('{"type": ["readings"], "id": "x"}', "x", "UNKNOWN_TYPE", "type"),
    ('{"type": "readings", "readings": []}', None, "INVALID_ARGUMENT", "id"),
    ('{"type": "readings", "id": "", "readings": []}', None, "INVALID_ARGUMENT", "id"),
    ('{"type": "readings", "id": true, "readings": []}', None, "INVALID_ARGUMENT", "id"),
    ('{"type": "readings", "id": 9007199254740993, "readings": []}', None, "INVALID_ARGUMENT", "id"),
    (json.dumps({"type": "readings", "id": "x" * 65}), None, "INVALID_ARGUMENT", "id"),
    ('{"type": "login", "id": 1, "api_key": "k"}', 1, "ALREADY_LOGGED_IN", None),
]


def test_malformed_messages_are_answered(client: JsonClient) -> None:
    """The connection goes on after each."""
    for text, message_id, reason, field in MALFORMED:
        client.send(text)
        error = client.receive()
        assert (error["type"], error["id"], error["reason"]) == ("error", message_id, reason), text
        assert error.get("field") == field, text
    client.send(b'{"type": "readings", "id": 1, "readings": [{"a": 1}]}')
    assert client.receive()["accepted"] == 1
