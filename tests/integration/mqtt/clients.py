"""Devices that log in, and their stored readings."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.support.mqtt import Device, Stack
from tests.support.mqtt_device import MqttDevice, mqtt_device

PATIENCE = 20.0
# Interval of the checks whether a broker knows a device, or a reading is stored. Neither sends a notification.
ASK_SECONDS = 0.02
# Interval of the attempts to log in. Rejected attempts count against the address.
LOGIN_SECONDS = 0.1


@contextmanager
def logged_in(stack: Stack, device: Device, username: str = "") -> Iterator[MqttDevice]:
    """The device, logged in by its id or by the given user name, once the broker knows it."""
    username = username or str(device.id)
    deadline = time.monotonic() + PATIENCE
    while True:
        with mqtt_device(stack.port, username, device.key, v5=stack.v5) as client:
            if client.connection == "Success":
                yield client
                return
        assert time.monotonic() < deadline, client.connection
        time.sleep(LOGIN_SECONDS)


def eventually(condition: Callable[[], bool], within: float = PATIENCE, every: float = ASK_SECONDS) -> None:
    """Wait until the condition is true."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "the condition did not become true"
        time.sleep(every)


def counted(metrics_port: int, name: str, **labels: str) -> float:
    """The value of an adapter's counter; 0 if it does not exist yet."""
    text = httpx.get(f"http://127.0.0.1:{metrics_port}/metrics", trust_env=False).text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return sum(one.value for one in samples if one.name == name and labels.items() <= one.labels.items())


def stored(stack: Stack, device: Device, rows: int = 1) -> dict[int, dict[str, object]]:
    """The stored readings of the device, once there are this many."""
    eventually(lambda: len(stack.readings(device.id)) >= rows)
    return stack.readings(device.id)
