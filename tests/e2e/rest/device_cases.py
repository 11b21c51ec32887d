"""DeviceService over REST."""

from typing import Any

from tests.e2e.rest.case import Case
from tests.e2e.rest.shapes import KEY, TEXT, TIME, WHOLE, refusal
from tests.e2e.rest.world import Registered, World

REGISTER, STATUS, HEARTBEAT = "/api/v1/devices/register", "/api/v1/devices/status", "/api/v1/devices/heartbeat"
CONFIG, UNREGISTER, ROTATE = "/api/v1/devices/config", "/api/v1/devices/unregister", "/api/v1/devices/rotate-key"
END_GRACE = "/api/v1/devices/end-key-grace"
COMMANDS, MQTT = "/api/v1/devices/commands", "/api/v1/devices/mqtt-credentials"


def device(of: Registered, **changed: Any) -> dict[str, Any]:
    """A device in a response."""
    return {
        "id": of.id,
        "name": of.name,
        "description": "",
        "device_type": "probe",
        "status": "active",
        "location": "",
        "firmware_version": "",
        "hardware_version": "",
        "configuration": {},
        "created_at": TIME,
        "updated_at": TIME,
        "last_seen": TIME,
        "is_online": True,
        **changed,
    }


def registered(**fields: Any) -> dict[str, Any]:
    """The response to a registration."""
    return {
        "message": "Device registered successfully",
        "device": {
            "id": WHOLE,
            "name": TEXT,
            "api_key": KEY,
            "status": "active",
            "device_type": "sensor",
            "description": "",
            "location": "",
            "firmware_version": "",
            "hardware_version": "",
            "created_at": TIME,
            "updated_at": TIME,
            **fields,
        },
    }


def updated(world: World, **changed: Any) -> dict[str, Any]:
    """The response to an update of the configuration."""
    answer = {"status": "success", "message": TEXT, "config_key": "", "data_type": ""}
    device_fields = {
        name: value for name, value in changed.items() if name not in ("config_key", "config_value", "data_type")
    }
    others = {name: value for name, value in changed.items() if name not in device_fields}
    return {**answer, "device": device(world.own, **device_fields), **others}


def command(world: World, **changed: Any) -> dict[str, Any]:
    """A command in a response."""
    fields = {"id": WHOLE, "device_id": world.own.id, "name": "reboot", "parameters": {"delay": 5}, "created_at": TIME}
    return {**fields, "state": "delivered", "delivered_at": TIME, **changed}


def send(world: World) -> None:
    body = {"name": "reboot", "parameters": {"delay": 5}}
    assert world.call("POST", "/api/v1/admin/devices/{own}/commands", "admin", json=body).status_code == 201


def suspend(world: World) -> None:
    answer = world.call("PUT", "/api/v1/admin/devices/{own}/status", "admin", json={"status": "inactive"})
    assert answer.status_code == 200


def replace_key(world: World) -> None:
    """The device has a new key and has used it."""
    key = world.call("POST", ROTATE, "device", json={}).json()["api_key"]
    assert world.http.get(STATUS, headers={"x-api-key": key}).status_code == 200


def reset_key(world: World) -> None:
    world.call("POST", "/api/v1/admin/devices/{own}/reset-key", "admin", json={})


def unregister(world: World) -> None:
    assert world.call("DELETE", UNREGISTER, "device").status_code == 200


CASES = [
    Case(
        "with every field",
        "POST",
        REGISTER,
        "nobody",
        201,
        registered(
            device_type="esp32", description="d", location="roof", firmware_version="1.2", hardware_version="rev b"
        ),
        {
            "name": "full-fields",
            "device_type": "esp32",
            "description": "d",
            "location": "roof",
            "firmware_version": "1.2",
            "hardware_version": "rev b",
            "user_id": "an extra that older firmware sends",
        },
    ),
    Case("with a name alone", "POST", REGISTER, "nobody", 201, registered(name="Küche 2"), {"name": "Küche 2"}),
    Case(
        "name taken",
        "POST",
        REGISTER,
        "nobody",
        409,
        refusal(409, "NAME_TAKEN", "name"),
        {"name": "twice"},
        before=lambda world: world.call("POST", REGISTER, "nobody", json={"name": "twice"}),
    ),
    *(
        Case(
            f"name {name[:12]!r}",
            "POST",
            REGISTER,
            "nobody",
            400,
            refusal(400, "INVALID_ARGUMENT", "name"),
            {"name": name},
        )
        for name in ("", "   ", "12345", "a/b", "a+b", "a#b", "a\nb", "x" * 101)
    ),
    Case("without a name", "POST", REGISTER, "nobody", 400, refusal(400, "INVALID_ARGUMENT", "name"), {}),
    Case(
        "type too long",
        "POST",
        REGISTER,
        "nobody",
        400,
        refusal(400, "INVALID_ARGUMENT", "device_type"),
        {"name": "long-type", "device_type": "x" * 51},
    ),
    Case(
        "own state",
        "GET",
        STATUS,
        "device",
        200,
        lambda world: {"status": "success", "device": {**device(world.own), "telemetry_count": 3}},
    ),
    Case(
        "heartbeat",
        "POST",
        HEARTBEAT,
        "device",
        200,
        lambda world: {"message": TEXT, "device_id": world.own.id, "timestamp": TIME, "status": "online"},
        {},
    ),
    Case(
        "heartbeat without a body",
        "POST",
        HEARTBEAT,
        "device",
        200,
        lambda world: {"message": TEXT, "device_id": world.own.id, "timestamp": TIME, "status": "online"},
    ),
    *(
        Case(
            f"heartbeat that says {said!r}",
            "POST",
            HEARTBEAT,
            "device",
            200,
            lambda world, status=status: {
                "message": TEXT,
                "device_id": world.own.id,
                "timestamp": TIME,
                "status": status,
            },
            {"status": said},
        )
        for said, status in (("OFFLINE", "offline"), (" offline ", "offline"), ("alive", "online"), (5, "online"))
    ),
    Case(
        "nothing reported yet",
        "GET",
        CONFIG,
        "device",
        200,
        lambda world: {"status": "success", "device_id": world.own.id, "configuration": {}, "desired_version": 0},
    ),
    Case(
        "PUT of fields",
        "PUT",
        CONFIG,
        "device",
        200,
        lambda world: updated(world, status="maintenance", location="hall", firmware_version="2", hardware_version="c"),
        {"status": "maintenance", "location": "hall", "firmware_version": "2", "hardware_version": "c"},
    ),
    Case(
        "PUT of the configuration",
        "PUT",
        CONFIG,
        "device",
        200,
        lambda world: updated(world, configuration={"interval": 30, "mode": {"eco": True}}),
        {"configuration": {"interval": 30, "mode": {"eco": True}}},
    ),
    Case(
        "POST of one key",
        "POST",
        CONFIG,
        "device",
        200,
        lambda world: updated(
            world, configuration={"interval": 30}, config_key="interval", config_value=30, data_type="integer"
        ),
        {"config_key": "interval", "config_value": "30", "data_type": "integer"},
    ),
    Case("an empty change", "PUT", CONFIG, "device", 400, refusal(400, "INVALID_ARGUMENT"), {}),
    Case(
        "an unknown status",
        "PUT",
        CONFIG,
        "device",
        400,
        refusal(400, "INVALID_ARGUMENT", "status"),
        {"status": "asleep"},
    ),
    Case(
        "a value that is no integer",
        "POST",
        CONFIG,
        "device",
        400,
        refusal(400, "INVALID_ARGUMENT", "config_value"),
        {"config_key": "interval", "config_value": "soon", "data_type": "integer"},
    ),
    Case(
        "read back",
        "GET",
        CONFIG,
        "device",
        200,
        lambda world: {
            "status": "success",
            "device_id": world.own.id,
            "configuration": {"interval": 30},
            "desired": {"interval": 60},
            "desired_version": 1,
            "difference": {"interval": 60},
        },
        before=lambda world: (
            world.call("PUT", CONFIG, "device", json={"configuration": {"interval": 30}}),
            world.call("PUT", "/api/v1/admin/devices/{own}/config", "admin", json={"configuration": {"interval": 60}}),
        ),
    ),
    Case("a new key", "POST", ROTATE, "device", 200, lambda world: rotated(world), {}),
    Case("a new key, without a body", "POST", ROTATE, "device", 200, lambda world: rotated(world)),
    Case(
        "a new key, and what there is not",
        "POST",
        ROTATE,
        "device",
        400,
        refusal(400, "UNKNOWN_FIELD", "end_grace_now"),
        {"end_grace_now": True},
    ),
    Case(
        "the old key in its grace",
        "GET",
        CONFIG,
        "device",
        200,
        lambda world: {"status": "success", "device_id": world.own.id, "configuration": {}, "desired_version": 0},
        before=lambda world: world.call("POST", ROTATE, "device", json={}),
    ),
    Case(
        "only one key",
        "POST",
        END_GRACE,
        "device",
        200,
        lambda world: {"message": TEXT, "device_id": world.own.id},
        {},
    ),
    *(
        Case("by a replaced key", method, path, "device", 403, refusal(403, "KEY_REPLACED"), body, before=replace_key)
        for method, path, body in (("POST", ROTATE, {}), ("POST", END_GRACE, {}), ("DELETE", UNREGISTER, None))
    ),
    Case("by a key of no more use", "GET", CONFIG, "device", 401, refusal(401, "WRONG_KEY"), before=reset_key),
    Case(
        "removed",
        "DELETE",
        UNREGISTER,
        "device",
        200,
        lambda world: {"message": TEXT, "device_id": world.own.id},
    ),
    Case("key of a removed device", "GET", STATUS, "device", 401, refusal(401, "WRONG_KEY"), before=unregister),
    Case("suspended", "POST", HEARTBEAT, "device", 403, refusal(403, "DEVICE_INACTIVE"), {}, before=suspend),
    Case("none waits", "GET", COMMANDS, "device", 200, {"commands": [], "count": 0}),
    Case(
        "one waits",
        "GET",
        COMMANDS,
        "device",
        200,
        lambda world: {"commands": [command(world)], "count": 1},
        before=send,
    ),
    Case("of no such command", "POST", f"{COMMANDS}/999999/ack", "device", 404, refusal(404, "COMMAND_NOT_FOUND"), {}),
    Case(
        "broker",
        "GET",
        MQTT,
        "device",
        200,
        lambda world: {
            "status": "success",
            "credentials": {
                "mqtt_host": "",
                "mqtt_port": 1883,
                "username": str(world.own.id),
                "client_id": f"device_{world.own.id}",
                "topics": {
                    f"{name}": f"iotflow/devices/{world.own.id}/{name.split('_')[0]}"
                    for name in (
                        "telemetry_publish",
                        "status_publish",
                        "commands_subscribe",
                        "config_subscribe",
                        "errors_subscribe",
                    )
                },
            },
        },
    ),
    *(
        Case(f"as {who}", method, path, who, status, refusal(status, reason), {} if method != "GET" else None)
        for method, path in (
            ("GET", STATUS),
            ("POST", HEARTBEAT),
            ("GET", CONFIG),
            ("DELETE", UNREGISTER),
            ("POST", ROTATE),
            ("POST", END_GRACE),
            ("GET", COMMANDS),
            ("GET", MQTT),
        )
        for who, status, reason in (
            ("nobody", 401, "CREDENTIAL_REQUIRED"),
            ("wrong key", 401, "WRONG_KEY"),
            ("admin", 403, "WRONG_ROLE"),
        )
    ),
]


def rotated(world: World) -> dict[str, Any]:
    return {"message": TEXT, "device_id": world.own.id, "api_key": KEY, "old_key_valid_until": TIME}
