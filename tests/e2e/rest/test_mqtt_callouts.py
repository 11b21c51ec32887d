"""Authentication and authorization call-outs of brokers, in the format of EMQX 5."""

from typing import Any

import pytest

from tests.e2e.rest.world import World

AUTH, ACL = "/api/v1/mqtt/auth", "/api/v1/mqtt/acl"
ALLOW, DENY = {"result": "allow", "is_superuser": False}, {"result": "deny", "is_superuser": False}


def auth(username: str, password: str) -> dict[str, str]:
    """The body of an authentication request of EMQX: the user name, the password and the client id."""
    return {"username": username, "password": password, "clientid": "c1"}


@pytest.mark.parametrize("way", ["id", "name"])
def test_a_device_is_allowed(world: World, way: str) -> None:
    username = str(world.own.id) if way == "id" else world.own.name
    assert answer(world, AUTH, auth(username, world.own.key)) == ALLOW


def test_wrong_credentials_are_denied(world: World) -> None:
    for username, password in (
        (str(world.own.id), "wrong"),
        (str(world.own.id), ""),
        (str(world.other.id), world.own.key),
        (world.other.name, world.own.key),
        ("999999999999", world.own.key),
        ("nobody", "nothing"),
        ("", ""),
        ("iotflow/gateway", world.own.key),
        ("iotflow/gateway", world.token("viewer")),
        ("iotflow/registrar", world.token("gateway")),
    ):
        assert answer(world, AUTH, auth(username, password)) == DENY, username


def test_adapters_and_registrars_are_allowed(world: World) -> None:
    assert answer(world, AUTH, auth("iotflow/gateway", world.token("gateway"))) == {**ALLOW, "is_superuser": True}
    assert answer(world, AUTH, auth("iotflow/registrar", world.token("registrar"))) == ALLOW


def test_an_inactive_device_is_denied(world: World) -> None:
    status = f"/api/v1/admin/devices/{world.other.id}/status"
    assert answer(world, AUTH, auth(world.other.name, world.other.key)) == ALLOW
    world.call("PUT", status, "admin", json={"status": "inactive"})
    assert answer(world, AUTH, auth(world.other.name, world.other.key)) == DENY
    assert answer(world, ACL, acl(world.other.name, f"iotflow/devices/{world.other.id}/telemetry", "publish")) == no()
    world.call("PUT", status, "admin", json={"status": "active"})
    assert answer(world, AUTH, auth(world.other.name, world.other.key)) == ALLOW


def test_an_old_key_is_allowed_in_its_grace_period(world: World) -> None:
    rotated = world.call("POST", "/api/v1/devices/rotate-key", "other device", json={}).json()["api_key"]
    for key in (rotated, world.other.key):
        assert answer(world, AUTH, auth(str(world.other.id), key)) == ALLOW


@pytest.mark.parametrize(
    ("topic", "action", "allowed"),
    [
        ("iotflow/devices/{own}/telemetry", "publish", True),
        ("iotflow/devices/{own_name}/telemetry", "publish", True),
        ("devices/{own_name}/telemetry", "publish", True),
        ("iotflow/devices/{own}/telemetry/sensors", "publish", True),
        ("iotflow/devices/{own}/status/offline", "publish", True),
        ("devices/{own_name}/status", "publish", True),
        ("iotflow/devices/{own}/commands/ack", "publish", True),
        ("iotflow/devices/{own}/commands/control", "publish", False),
        ("iotflow/devices/{own}/config/reported", "publish", True),
        ("iotflow/devices/{own}/config", "publish", False),
        ("devices/{own_name}/commands", "publish", False),
        ("iotflow/devices/{own}/telemetryx", "publish", False),
        ("iotflow/devices/{own}/commands/#", "subscribe", True),
        ("iotflow/devices/{own}/#", "subscribe", True),
        ("iotflow/fleet/commands/probe", "subscribe", True),
        ("iotflow/fleet/commands/probe", "publish", False),
        ("iotflow/devices/{other}/telemetry", "publish", False),
        ("iotflow/devices/{other_name}/#", "subscribe", False),
        ("iotflow/devices/{own}0/telemetry", "publish", False),
        ("iotflow/devices/+/telemetry", "subscribe", False),
        ("iotflow/#", "subscribe", False),
        ("#", "subscribe", False),
        ("$SYS/#", "subscribe", False),
        ("iotflow/discovery/response/+", "subscribe", False),
    ],
)
def test_a_device_is_restricted_to_its_topics(world: World, topic: str, action: str, allowed: bool) -> None:
    for username in (str(world.own.id), world.own.name):
        asked = acl(username, world.fill(topic), action)
        assert answer(world, ACL, asked) == (yes() if allowed else no())


@pytest.mark.parametrize(
    ("topic", "action", "allowed"),
    [
        ("iotflow/discovery/register/hall", "publish", True),
        ("iotflow/discovery/response/hall", "subscribe", True),
        ("iotflow/discovery/response/+", "subscribe", False),
        ("iotflow/discovery/response/#", "subscribe", False),
        ("iotflow/devices/1/telemetry", "publish", False),
    ],
)
def test_a_registrar_is_restricted_to_its_topics(world: World, topic: str, action: str, allowed: bool) -> None:
    assert answer(world, ACL, acl("iotflow/registrar", topic, action)) == (yes() if allowed else no())


def test_call_outs_are_for_brokers_and_adapters_only(world: World) -> None:
    for who, status in (("nobody", 401), ("device", 403), ("viewer", 403), ("registrar", 403)):
        for path in (AUTH, ACL):
            asked = acl("x", "y", "publish")
            assert world.call("POST", path, who, json=asked).status_code == status, (who, path)


def test_an_unknown_action_is_an_error(world: World) -> None:
    assert world.call("POST", ACL, "gateway", json=acl("1", "t", "read")).status_code == 400


def acl(username: str, topic: str, action: str) -> dict[str, str]:
    """The body of an authorization request of EMQX: the user name, the topic and the action."""
    return {"username": username, "topic": topic, "action": action}


def yes() -> dict[str, str]:
    return {"result": "allow"}


def no() -> dict[str, str]:
    return {"result": "deny"}


def answer(world: World, path: str, asked: dict[str, str]) -> Any:
    """EMQX uses the result of a 200 only, and tries the next authenticator otherwise."""
    response = world.call("POST", path, "gateway", json=asked)
    assert response.status_code == 200, response.text
    return response.json()
