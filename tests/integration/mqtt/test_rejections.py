"""Each rejection is published to the device with its reason, and does not block later messages."""

import json
import subprocess
from typing import Any

import pytest

from tests.integration.mqtt.clients import counted, eventually, stored
from tests.support.mqtt import MOSQUITTO, Device, Stack
from tests.support.mqtt_device import MqttDevice, ReceivedMessage, mqtt_device

T = 1_769_860_800_000
TIME = "2026-01-31T12:00:00Z"

REFUSALS: dict[str, tuple[str, Any, str, str]] = {
    "no JSON": ("telemetry", b"{nope", "INVALID_PAYLOAD", ""),
    "nothing": ("telemetry", b"", "INVALID_PAYLOAD", ""),
    "a number": ("telemetry", 7, "INVALID_PAYLOAD", ""),
    "an empty list": ("telemetry", [], "INVALID_PAYLOAD", ""),
    "no data": ("telemetry", {}, "INVALID_PAYLOAD", "data"),
    "a flat reading that is not flat": ("telemetry", {"temperature": 1, "gps": {"lat": 1}}, "INVALID_PAYLOAD", "data"),
    "no values": ("telemetry", {"data": {"a": None}}, "EMPTY_DATA", "data"),
    "one of a list": ("telemetry", [{"data": {"a": 1}}, {"data": 3}], "INVALID_PAYLOAD", "[1].data"),
    "no time": ("telemetry", {"timestamp": "soon", "data": {"a": 1}}, "INVALID_TIME", "timestamp"),
    "a date": ("telemetry", {"timestamp": 20240131120000, "data": {"a": 1}}, "INVALID_TIME", "timestamp"),
    "two signs": ("telemetry", {"timestamp": "--5", "data": {"a": 1}}, "INVALID_TIME", "timestamp"),
    "many digits": ("telemetry", {"timestamp": "9" * 400, "data": {"a": 1}}, "INVALID_TIME", "timestamp"),
    "beyond time": ("telemetry", {"timestamp": 1e15, "data": {"a": 1}}, "INVALID_TIME", "timestamp"),
    "far ahead": (
        "telemetry",
        {"timestamp": "2100-01-01T00:00:00Z", "data": {"a": 1}},
        "TIME_TOO_FAR_AHEAD",
        "[0]",
    ),
    "metadata": ("telemetry", {"data": {"a": 1}, "metadata": 3}, "INVALID_PAYLOAD", "metadata"),
    "twice": ("telemetry", {"data": {"meta_a": 1}, "metadata": {"a": 1}}, "DUPLICATE_NAME", "metadata.a"),
    "nested": ("telemetry", b'{"data":{"a":' + b"[" * 17 + b"]" * 17 + b"}}", "INVALID_VALUE", "data.a"),
    "nested beyond measure": (
        "telemetry",
        b'{"data":{"a":' + b"[" * 900 + b"]" * 900 + b"}}",
        "INVALID_VALUE",
        "data.a",
    ),
    "a long list": ("telemetry", [{"data": {"a": 1}}] * 10_001, "TOO_MANY_READINGS", ""),
    "a large one": ("telemetry", b" " * (8 * 2**20 + 1), "TOO_LARGE", ""),
    "a wide one": ("telemetry", {"data": {f"m{n}": n for n in range(1_001)}}, "TOO_MANY_MEASUREMENTS", "data"),
    "a bad name": ("telemetry", {"data": {"bad;name": 1}}, "INVALID_NAME", "[0].data.bad;name"),
    "a name without end": ("telemetry", {"data": {"n" * 5_000_000: 1}}, "INVALID_NAME", f"data.{'n' * 100}"),
    "a long text": ("telemetry", {"data": {"a": "x" * 70_000}}, "INVALID_TEXT", "[0].data.a"),
    "another type": ("telemetry", {"data": {"kept": "warm"}}, "TYPE_CONFLICT", "[0].data.kept"),
    "no batch": ("telemetry/batch", b"\xff\xff", "INVALID_PAYLOAD", ""),
    "a long batch": ("telemetry/batch", b"\x30\x01\x1a\x91\x4e" + b"\x00" * 10_001, "TOO_MANY_READINGS", "timestamps"),
    "an empty batch": ("telemetry/batch", b"\x10\x07", "INVALID_PAYLOAD", "timestamps"),
    "others' rows": ("telemetry/batch", b"\x1a\x01\x05\x3a\x01\x01", "INVALID_PAYLOAD", "device_ids"),
    "an answer to nothing": ("commands/ack", {"command_id": True}, "INVALID_PAYLOAD", "command_id"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_rejection(stack: Stack, device: Device, client: MqttDevice, case: str) -> None:
    below, payload, reason, field = REFUSALS[case]
    root = f"iotflow/devices/{device.id}"
    client.subscribe(f"{root}/errors")
    client.publish(f"{root}/telemetry", {"timestamp": T, "data": {"kept": 1}})
    answer = client.publish(f"{root}/{below}", payload)
    client.publish(f"{root}/telemetry", {"timestamp": T + 1, "data": {"kept": 2}})
    assert {T, T + 1} <= set(stored(stack, device, 2))
    if stack.kind == MOSQUITTO and reason == "UNKNOWN_TOPIC":
        # Mosquitto answers itself; the adapter is not informed.
        assert answer == "Not authorized"
        return
    error = client.receive()[0].json()
    assert (error["reason"], error["field"], error["topic"]) == (reason, field, f"{root}/{below}"), error
    assert error["retryable"] is False
    assert error["message"]


def test_one_of_a_list(stack: Stack, device: Device, client: MqttDevice) -> None:
    """Correct readings are stored. A rejection names the position and the id of its reading."""
    root = f"iotflow/devices/{device.id}"
    client.subscribe(f"{root}/errors")
    listed = [
        {"timestamp": T, "data": {"t": 1}},
        {"timestamp": "soon", "data": {"t": 2}, "message_id": "b"},
        {"timestamp": T + 2, "data": {"t": 3}, "message_id": 3},
        {"timestamp": T + 3, "data": {"t": "warm"}, "message_id": "d"},
        {"timestamp": T + 4},
        {"timestamp": T + 5, "data": {"t": 6}},
    ]
    client.publish(f"{root}/telemetry", listed)
    error = {(one["field"], one["reason"], one["message_id"]) for one in map(ReceivedMessage.json, client.receive(3))}
    assert error == {
        ("[1].timestamp", "INVALID_TIME", "b"),
        ("[3].data.t", "TYPE_CONFLICT", "d"),
        ("[4].data", "INVALID_PAYLOAD", ""),
    }
    assert stored(stack, device, 3) == {T: {"t": 1.0}, T + 2: {"t": 3.0}, T + 5: {"t": 6.0}}


def test_rejections_are_counted(device: Device, client: MqttDevice, metrics_port: int) -> None:
    """By reason. Rejected messages are finished."""
    topic = f"iotflow/devices/{device.id}/telemetry"

    def figures() -> tuple[float, float]:
        rejected = counted(metrics_port, "iotflow_gateway_refused_total", reason="EMPTY_DATA")
        return rejected, counted(metrics_port, "iotflow_gateway_finished_total")

    rejected, finished = figures()
    for _ in range(3):
        client.publish(topic, {"data": {}})
    eventually(lambda: figures() == (rejected + 3, finished + 3))
    eventually(lambda: counted(metrics_port, "iotflow_gateway_waiting") == 0)


def test_known_devices_are_counted(stack: Stack, device: Device, metrics_port: int) -> None:
    def known() -> float:
        return counted(metrics_port, "iotflow_gateway_devices")

    eventually(lambda: known() >= 1)
    before = known()
    others = [stack.register(f"counted {number} with {device.id}") for number in range(2)]
    eventually(lambda: known() == before + 2)
    stack.remove(others[0])
    eventually(lambda: known() == before + 1)


def test_suspended_device(stack: Stack, device: Device, client: MqttDevice) -> None:
    """A broker that checks certificates still admits it."""
    witness = stack.register(f"hears of {device.id}")
    token = (stack.server.folder / "gateway-token").read_text().strip()
    assert client.connection == "Success"
    with mqtt_device(stack.port, "iotflow/gateway", token, v5=stack.v5) as adapter:
        adapter.subscribe("iotflow/devices/+/errors")
        stack.set_status(device, "inactive")
        for topic, payload in (
            ("telemetry", {"data": {"t": 1}}),
            ("status/online", b""),
            ("config/reported", {"location": "x"}),
        ):
            count = len(adapter.received)
            adapter.publish(f"iotflow/devices/{device.id}/{topic}", payload)
            error = adapter.receive(count + 1)[-1]
            assert error.topic == f"iotflow/devices/{device.id}/errors"
            assert error.json()["reason"] == "DEVICE_INACTIVE"
        count = len(adapter.received)
        adapter.publish("iotflow/devices/nobody/telemetry", {"data": {"t": 1}})
        assert adapter.receive(count + 1)[-1].json()["reason"] == "DEVICE_NOT_FOUND"
        adapter.publish(f"iotflow/devices/{witness.id}/telemetry", {"timestamp": T, "data": {"t": 1}})
        assert stored(stack, witness) == {T: {"t": 1.0}}
    assert stack.readings(device.id) == {}


def test_rejection_names_the_message(stack: Stack, device: Device, client: MqttDevice) -> None:
    """By the `message_id` of the payload or, in MQTT 5, of a user property, and by the correlation data."""
    root = f"iotflow/devices/{device.id}"
    client.subscribe(f"{root}/errors")
    client.publish(f"{root}/telemetry", {"message_id": "of the payload", "data": 1})
    assert client.receive()[0].json()["message_id"] == "of the payload"
    if stack.v5:
        user = [("message-id", "of the property")]
        client.publish(f"{root}/telemetry", b"{", UserProperty=user, CorrelationData=b"\x01\xff")
        error = client.receive(2)[1].json()
        assert (error["message_id"], error["correlation"]) == ("of the property", "01ff")


def test_one_bad_value_leaves_the_rest(stack: Stack, device: Device, client: MqttDevice) -> None:
    client.subscribe(f"iotflow/devices/{device.id}/errors")
    readings = [{"timestamp": T + n, "data": {"a": n, "b;c" if n == 2 else "b": n}} for n in range(4)]
    client.publish(f"iotflow/devices/{device.id}/telemetry", readings)
    assert stored(stack, device, 4) == {
        T: {"a": 0.0, "b": 0.0},
        T + 1: {"a": 1.0, "b": 1.0},
        T + 2: {"a": 2.0},
        T + 3: {"a": 3.0, "b": 3.0},
    }
    assert client.receive()[0].json()["field"] == "[2].data.b;c"


def test_flood_of_invalid_and_valid_messages(stack: Stack, device: Device, client: MqttDevice) -> None:
    """Valid readings are stored, and no others, whichever messages are joined."""
    topic = f"iotflow/devices/{device.id}/telemetry"
    poison = [b"{", {"data": {"a;b": 1}}, {"data": {"good": "text"}}, {"data": {}}, {"data": {"x" * 200: 1}}]
    client.publish(topic, {"timestamp": T, "data": {"good": 0}})
    for number in range(1, 301):
        client.publish(topic, poison[number % len(poison)], 0)
        client.publish(topic, {"timestamp": T + number, "data": {"good": number}}, 0)
    client.publish(topic, {"timestamp": T + 301, "data": {"good": 301}})
    assert stored(stack, device, 302) == {T + number: {"good": float(number)} for number in range(302)}


def test_mosquitto_sub_receives_rejections(stack: Stack, device: Device, client: MqttDevice) -> None:
    login = ["-p", str(stack.port), "-u", str(device.id), "-P", device.key]
    root = f"iotflow/devices/{device.id}"
    # -d prints the subscription; stdbuf removes the delay of the output.
    command = ["stdbuf", "-oL", "mosquitto_sub", *login, "-d", "-t", f"{root}/errors", "-C", "1", "-W", "20"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as listener:
        assert listener.stdout
        for line in listener.stdout:
            if line.startswith("Subscribed"):
                client.publish(f"{root}/telemetry", b"{")
            if line.startswith("{"):
                assert json.loads(line)["reason"] == "INVALID_PAYLOAD"
                break
        else:
            raise AssertionError("it received nothing")
