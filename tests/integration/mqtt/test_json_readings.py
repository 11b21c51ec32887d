"""The same JSON is stored identically by MQTT and by REST. A notice reports each change to a reading."""

import json
import time
from typing import Any

import grpc
import pytest
from google.api.httpbody_pb2 import HttpBody

from iotflow.channels import credentials
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.integration.mqtt.clients import stored
from tests.support.mqtt import Device, Stack
from tests.support.mqtt_device import MqttDevice

T = 1_769_860_800_000
# What is sent, and what is stored of it; each at a time of its own.
READINGS: dict[str, tuple[str, dict[str, object]]] = {
    "flat": (
        '{"temperature": 21.5, "open": true, "note": "x", "none": null, "timestamp": %d, "api_key": "k"}',
        {"temperature": 21.5, "open": True, "note": "x"},
    ),
    "flat, ts": ('{"temperature": 22, "ts": %d, "message_id": 5, "device_id": "me"}', {"temperature": 22.0}),
    "an integer beyond doubles": ('{"data": {"serial": 9007199254740993}, "timestamp": %d}', {"serial": 2**53 + 1}),
    "the largest": ('{"data": {"serial": 9223372036854775807}, "timestamp": %d}', {"serial": 2**63 - 1}),
    "one beyond 64 bits is rejected alone": (
        '{"data": {"serial2": 18446744073709551616, "a": 1}, "timestamp": %d}',
        {"a": 1.0},
    ),
    "odd names": (
        '{"data": {"switch:0": true, "1-0:1.8.0": 7, "Temperature [°C]": 5.5}, "timestamp": "%d"}',
        {"switch:0": True, "1-0:1.8.0": 7.0, "Temperature [°C]": 5.5},
    ),
    "a bad name is rejected alone": ('{"data": {"a;b": 1, "a": 2}, "timestamp": %d}', {"a": 2.0}),
    "a nested value is rejected alone": (
        '{"data": {"deep": ' + "[" * 20 + "]" * 20 + ', "a": 3}, "timestamp": %d}',
        {"a": 3.0},
    ),
    "a nested integer": (
        '{"data": {"o": {"id": 9007199254740993}}, "timestamp": %d}',
        {"o": '{"id":9007199254740993}'},
    ),
    "metadata": (
        '{"data": {"a": 4}, "metadata": {"fw": "1", "n": 2}, "timestamp": %d.75}',
        {"a": 4.0, "meta_fw": "1", "meta_n": "2"},
    ),
}


def by_rest(stack: Stack, device: Device, body: bytes) -> None:
    """A reading in the form in which the gateway sends it."""
    with grpc.insecure_channel(stack.server.target) as channel:
        stub = TelemetryServiceStub(channel)
        stub.SubmitReadingsJson(HttpBody(data=body), metadata=credentials(api_key=device.key), timeout=20)


def test_the_same_bytes_are_the_same_reading(stack: Stack, device: Device, client: MqttDevice) -> None:
    """Singly and in a list by MQTT, and in a list by REST."""
    wanted = {T + place: values for place, (_, values) in enumerate(READINGS.values())}
    payloads = [template % (T + place) for place, (template, _) in enumerate(READINGS.values())]
    for payload in payloads:
        client.publish(f"iotflow/devices/{device.id}/telemetry", payload.encode())
    assert stored(stack, device, len(wanted)) == wanted
    other = stack.register(f"rest {device.id}")
    listed = f"[{', '.join(payloads)}]".encode()
    by_rest(stack, other, listed)
    assert stack.readings(other.id) == wanted


@pytest.mark.parametrize(
    "payload",
    [
        {"temperature": 21.5, "humidity": 40, "ts": "12345", "api_key": "k"},
        {"data": {"temperature": 21.5, "humidity": 40}, "timestamp": "12"},
        {"data": {"temperature": 21.5, "humidity": 40}, "timestamp": 0},
        [{"temperature": 21.5, "humidity": 40, "ts": 20260131}],
    ],
)
def test_an_uptime_is_ignored_with_a_notice(stack: Stack, device: Device, client: MqttDevice, payload: Any) -> None:
    client.subscribe(f"iotflow/devices/{device.id}/errors")
    before = time.time_ns() // 1_000_000 - 5_000
    client.publish(f"iotflow/devices/{device.id}/telemetry", payload)
    ((when, values),) = stored(stack, device).items()
    assert (when > before, values) == (True, {"temperature": 21.5, "humidity": 40.0})
    notice = client.receive()[0].json()
    assert (notice["reason"], "fewer than 10 digits" in notice["message"]) == ("TIME_IGNORED", True)
    assert notice["field"].endswith(
        "ts" if "ts" in json.dumps(payload) and "timestamp" not in json.dumps(payload) else "timestamp"
    )


@pytest.mark.parametrize("digits", ["210606140010", 20240131120000, "17000000000"])
def test_digits_that_are_not_a_time_are_rejected(
    stack: Stack, device: Device, client: MqttDevice, digits: object
) -> None:
    client.subscribe(f"iotflow/devices/{device.id}/errors")
    client.publish(f"iotflow/devices/{device.id}/telemetry", {"data": {"t": 1}, "timestamp": digits})
    notice = client.receive()[0].json()
    assert (notice["reason"], notice["field"], "digits" in notice["message"]) == ("INVALID_TIME", "timestamp", True)
    assert stack.readings(device.id) == {}


def test_readings_of_one_millisecond_are_merged_with_a_notice(stack: Stack, device: Device, client: MqttDevice) -> None:
    client.subscribe(f"iotflow/devices/{device.id}/errors")
    listed = [{"data": {"t": n}, "timestamp": f"2026-01-31T12:00:00.000{n}00Z"} for n in range(10)]
    client.publish(f"iotflow/devices/{device.id}/telemetry", listed)
    notice = client.receive()[0].json()
    assert (notice["reason"], notice["message"].split()[0]) == ("READINGS_MERGED", "9")
    assert stored(stack, device) == {T: {"t": 9.0}}


@pytest.mark.parametrize(
    ("payload", "word"),
    [(b'{"data": {"t": 1},}', "trailing comma"), (b"\xef\xbb\xbf{}", "byte order mark"), (b"\x1f\x8b\x08", "gzip")],
)
def test_the_error_of_invalid_json_is_a_sentence(device: Device, client: MqttDevice, payload: bytes, word: str) -> None:
    client.subscribe(f"iotflow/devices/{device.id}/errors")
    client.publish(f"iotflow/devices/{device.id}/telemetry", payload)
    notice = client.receive()[0].json()
    assert (notice["reason"], word in notice["message"]) == ("INVALID_PAYLOAD", True)


def test_a_reported_integer_that_would_lose_digits_is_rejected_by_name(device: Device, client: MqttDevice) -> None:
    client.subscribe(f"iotflow/devices/{device.id}/errors")
    client.publish(f"iotflow/devices/{device.id}/config/reported", {"configuration": {"serial": 2**53 + 1}})
    notice = client.receive()[0].json()
    assert (notice["reason"], notice["field"]) == ("INVALID_ARGUMENT", "configuration.serial")
