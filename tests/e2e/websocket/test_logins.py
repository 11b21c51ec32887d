"""Credentials of WebSocket connections: in the handshake, or in the first message."""

import json
from collections.abc import Callable
from contextlib import ExitStack

import pytest
from websockets.exceptions import InvalidStatus

from tests.e2e.websocket.fleet import Device, Fleet
from tests.support.json_websocket import PATH, json_client, logged_in

LIMITS = {"message_bytes": 4 * 2**20, "messages_in_flight": 64, "subscriptions": 16}
WRONG = "k" * 32


def test_headers_of_rest(fleet: Fleet, device: Device) -> None:
    with json_client(fleet.rest, device.headers) as client:
        assert client.receive() == {"type": "welcome", "device_id": device.id, "limits": LIMITS}
    for headers in (fleet.admin, fleet.token("viewer"), {"authorization": f"admin {fleet.service.admin_token}"}):
        with json_client(fleet.rest, headers) as client:
            assert client.receive() == {"type": "welcome", "limits": LIMITS}


def test_a_login_message(fleet: Fleet, device: Device) -> None:
    for login, welcome in (
        ({"api_key": device.key}, {"device_id": device.id}),
        ({"token": fleet.service.admin_token}, {}),
    ):
        with json_client(fleet.rest) as client:
            client.send({"type": "login", **login})
            assert client.receive() == {"type": "welcome", **welcome, "limits": LIMITS}


# The headers of a handshake, its path, the status of the response, and the reason in it.
REFUSED: dict[str, tuple[list[tuple[str, str]], str, int, str]] = {
    "wrong key": ([("x-api-key", WRONG)], PATH, 401, "WRONG_KEY"),
    "wrong token": ([("authorization", "Bearer nonsense")], PATH, 401, "WRONG_TOKEN"),
    "other scheme": ([("authorization", "Basic bm9uc2Vuc2U=")], PATH, 401, "WRONG_TOKEN"),
    "two keys": ([("x-api-key", WRONG), ("x-api-key", "j" * 32)], PATH, 401, "DUPLICATE_CREDENTIAL"),
    "impossible key": ([("x-api-key", "k" * 200)], PATH, 400, "INVALID_ARGUMENT"),
    "in the URL": ([], f"{PATH}?api_key={WRONG}", 400, "UNKNOWN_PARAMETER"),
}


@pytest.mark.parametrize(("headers", "path", "status", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_refused_handshake(fleet: Fleet, headers: list[tuple[str, str]], path: str, status: int, reason: str) -> None:
    with pytest.raises(InvalidStatus) as refused, json_client(fleet.rest, headers, path):
        pass
    response = refused.value.response
    assert (response.status_code, response.headers["content-type"]) == (status, "application/json")
    body = json.loads(response.body or b"")
    assert body["details"][0]["reason"] == reason
    assert WRONG not in body["message"]


# The first message, and the reason.
FIRST: list[tuple[str | bytes, str]] = [
    (json.dumps({"type": "login", "api_key": WRONG}), "WRONG_KEY: No device has this key"),
    (json.dumps({"type": "login", "token": "nonsense"}), "WRONG_TOKEN: "),
    (json.dumps({"type": "login", "api_key": "with space"}), "INVALID_ARGUMENT: The api_key is not"),
    (json.dumps({"type": "login"}), "CREDENTIAL_REQUIRED: A login has either"),
    (json.dumps({"type": "login", "api_key": WRONG, "token": WRONG}), "CREDENTIAL_REQUIRED: A login has either"),
    (json.dumps({"type": "readings", "id": 1, "readings": []}), "CREDENTIAL_REQUIRED: The first message"),
    ("{", "BAD_JSON: The body is not JSON"),
]


@pytest.mark.parametrize(("first", "reason"), FIRST)
def test_a_wrong_login_closes_the_connection(fleet: Fleet, first: str, reason: str) -> None:
    with json_client(fleet.rest) as client:
        client.send(first)
        code, said = client.wait_for_end()
        assert code == 4401
        assert said.startswith(reason)


def test_a_late_login(fleet: Fleet) -> None:
    with json_client(fleet.rest) as client:
        assert client.wait_for_end() == (4401, "LOGIN_TIMEOUT: No login came within 10 seconds.")


def test_a_large_message_before_the_login(fleet: Fleet) -> None:
    with json_client(fleet.rest) as client:
        client.send("x" * (2**14 + 1))
        assert client.wait_for_end()[0] == 1009


def test_connections_without_a_login_are_bounded(fleet: Fleet, device: Device) -> None:
    with ExitStack() as connections:
        for _ in range(50):
            connections.enter_context(json_client(fleet.rest))
        with pytest.raises(InvalidStatus) as refused, json_client(fleet.rest, device.headers):
            pass
    response = refused.value.response
    assert response.status_code == 429
    assert int(response.headers["retry-after"]) >= 1
    assert "50 connections of one address have not logged in" in json.loads(response.body or b"")["message"]


def test_connections_of_a_device_are_bounded(fleet: Fleet, device: Device) -> None:
    with ExitStack() as connections:
        for _ in range(10):
            connections.enter_context(logged_in(fleet.rest, device.headers))
        with pytest.raises(InvalidStatus) as refused, json_client(fleet.rest, device.headers):
            pass
        assert refused.value.response.status_code == 429
        with json_client(fleet.rest) as client:
            client.send({"type": "login", "api_key": device.key})
            assert client.wait_for_end() == (4429, "10 connections of this device are open.")
    with logged_in(fleet.rest, device.headers):
        pass


def rotate(fleet: Fleet, device: Device) -> None:
    """Replace the key, and end the grace period of the old one."""
    path = f"/api/v1/admin/devices/{device.id}"
    answer = fleet.http.post(f"{path}/reset-key", json={}, headers=fleet.admin)
    assert answer.status_code == 200, answer.text


def suspend(fleet: Fleet, device: Device) -> None:
    """Set the device inactive."""
    path = f"/api/v1/admin/devices/{device.id}/status"
    answer = fleet.http.put(path, json={"status": "inactive"}, headers=fleet.admin)
    assert answer.status_code == 200, answer.text


def delete(fleet: Fleet, device: Device) -> None:
    """Delete the device."""
    answer = fleet.http.delete(f"/api/v1/admin/devices/{device.id}", headers=fleet.admin)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("stream", ["config", "commands", "telemetry", None])
@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        (rotate, {"WRONG_KEY"}),
        (suspend, {"DEVICE_INACTIVE"}),
        # At its next message nothing of the device is left.
        (delete, {"DEVICE_REMOVED", "WRONG_KEY"}),
    ],
)
def test_a_lost_credential_closes_the_connection(
    fleet: Fleet, device: Device, change: Callable[[Fleet, Device], None], reasons: set[str], stream: str | None
) -> None:
    """At once with a subscription, otherwise at the next message."""
    with logged_in(fleet.rest, device.headers) as client:
        if stream:
            assert client.ask({"type": "subscribe", "to": stream})["type"] == "subscribed"
        change(fleet, device)
        if not stream:
            client.send({"type": "readings", "id": 1, "readings": [{"a": 1}]})
        code, said = client.wait_for_end()
        assert code == 4401
        assert said.partition(":")[0] in reasons


def test_a_revoked_token_closes_the_connection(fleet: Fleet) -> None:
    body = {"name": "short-lived", "role": "viewer"}
    token = fleet.http.post("/api/v1/admin/tokens", json=body, headers=fleet.admin).json()
    with logged_in(fleet.rest, {"authorization": f"Bearer {token['secret']}"}) as client:
        assert client.ask({"type": "subscribe"})["type"] == "subscribed"
        assert fleet.http.delete(f"/api/v1/admin/tokens/{token['token']['id']}", headers=fleet.admin).status_code == 200
        code, said = client.wait_for_end()
        assert (code, said.partition(":")[0]) == (4401, "WRONG_TOKEN")
