"""Each form of telemetry by MQTT."""

import json
import subprocess

import numpy as np
import pytest

from iotflow.batches import encode_batch
from tests.integration.mqtt.clients import logged_in, stored
from tests.support.mqtt import EMBEDDED, MOSQUITTO, Device, Stack
from tests.support.mqtt_device import MqttDevice

T = 1_769_860_800_000
TIME = "2026-01-31T12:00:00Z"
READING = {"timestamp": TIME, "data": {"t": 21.5, "door": True, "note": "warm", "n": 3, "no": None, "o": {"a": [1]}}}
AS_STORED = {"t": 21.5, "door": True, "note": "warm", "n": 3.0, "o": '{"a":[1]}'}


@pytest.mark.parametrize("below", ["telemetry", "telemetry/sensors", "telemetry/metrics", "telemetry/events"])
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_reading_in_json(stack: Stack, device: Device, client: MqttDevice, below: str, qos: int) -> None:
    client.publish(f"iotflow/devices/{device.id}/{below}", READING, qos)
    assert stored(stack, device) == {T: AS_STORED}


@pytest.mark.parametrize("topic", ["iotflow/devices/{}/telemetry", "devices/{}/telemetry"])
def test_by_name(stack: Stack, device: Device, topic: str) -> None:
    with logged_in(stack, device, device.name) as client:
        client.publish(topic.format(device.name), READING)
        assert stored(stack, device) == {T: AS_STORED}


def test_list_of_readings_of_many_shapes(stack: Stack, device: Device, client: MqttDevice) -> None:
    """Times in RFC 3339, seconds and milliseconds; readings with different measurements, and metadata."""
    readings = [
        {"timestamp": "2026-01-31T13:00:00+01:00", "data": {"a": 1}},
        {"timestamp": T // 1_000 + 1, "data": {"a": 2, "b": False}},
        {"timestamp": T + 2_000, "data": {"b": True}, "metadata": {"room": "kitchen", "floor": 2}},
        {"timestamp": str(T + 3_000), "data": {"a": 4}},
    ]
    client.publish(f"iotflow/devices/{device.id}/telemetry", readings)
    assert stored(stack, device, 4) == {
        T: {"a": 1.0},
        T + 1_000: {"a": 2.0, "b": False},
        T + 2_000: {"b": True, "meta_room": "kitchen", "meta_floor": "2"},
        T + 3_000: {"a": 4.0},
    }


def test_readings_without_a_time_get_different_times(stack: Stack, device: Device, client: MqttDevice) -> None:
    for number in range(20):
        client.publish(f"iotflow/devices/{device.id}/telemetry", {"data": {"n": number}})
    client.publish(f"iotflow/devices/{device.id}/telemetry", [{"data": {"n": 20 + more}} for more in range(20)])
    found = stored(stack, device, 40)
    assert sorted(row["n"] for row in found.values()) == [float(number) for number in range(40)]  # type: ignore[type-var]


def test_more_readings_without_a_time_than_milliseconds(stack: Stack, device: Device, client: MqttDevice) -> None:
    """They arrive together when an adapter was stopped for some time. They wait for free times, and none is rejected."""
    topic, size, messages = f"iotflow/devices/{device.id}", 1_000, 13
    client.subscribe(f"{topic}/errors")
    for first in range(0, messages * size, size):
        client.publish(f"{topic}/telemetry", [{"data": {"n": first + more}} for more in range(size)])
    found = stored(stack, device, messages * size)
    assert [found[time]["n"] for time in sorted(found)] == [float(number) for number in range(messages * size)]
    assert not client.received


def test_equal_times_keep_the_newest(stack: Stack, device: Device, client: MqttDevice) -> None:
    for number in range(200):
        client.publish(f"iotflow/devices/{device.id}/telemetry", {"timestamp": TIME, "data": {"n": number}}, 0)
    client.publish(f"iotflow/devices/{device.id}/telemetry", {"timestamp": T + 1, "data": {"last": 1}})
    assert stored(stack, device, 2) == {T: {"n": 199.0}, T + 1: {"last": 1.0}}


def test_protobuf(stack: Stack, device: Device, client: MqttDevice) -> None:
    """The batch is the publisher's, whichever device it names."""
    batch = encode_batch([T, T + 1], {"x": [1.5, np.nan], "k": [7, 8]}, device_id=999)
    client.publish(f"iotflow/devices/{device.id}/telemetry/batch", batch.SerializeToString())
    assert stored(stack, device, 2) == {T: {"x": 1.5, "k": 7}, T + 1: {"k": 8}}


# MQTT 3.1.1 has no content type.
@pytest.mark.parametrize("stack", [MOSQUITTO, EMBEDDED], indirect=True)
def test_protobuf_by_content_type(stack: Stack, device: Device, client: MqttDevice) -> None:
    payload = encode_batch([T], {"x": [1.5]}).SerializeToString()
    client.publish(f"iotflow/devices/{device.id}/telemetry", payload, ContentType="application/x-protobuf")
    assert stored(stack, device) == {T: {"x": 1.5}}


def test_mosquitto_pub(stack: Stack, device: Device, client: MqttDevice) -> None:
    """client: makes sure that the broker knows the device."""
    assert client.connection == "Success"
    login = ["-p", str(stack.port), "-u", str(device.id), "-P", device.key]
    topic, payload = f"iotflow/devices/{device.id}/telemetry", json.dumps(READING)
    subprocess.run(["mosquitto_pub", *login, "-q", "1", "-t", topic, "-m", payload], check=True, timeout=30)
    assert stored(stack, device) == {T: AS_STORED}
