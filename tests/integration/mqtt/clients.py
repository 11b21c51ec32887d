"""Devices that log in, and what is stored of them."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.mqtt import MOSQUITTO, Device, Stack
from tests.mqtt_device import MqttDevice, mqtt_device

PATIENCE = 20.0
# Nobody tells when a broker has heard of a device, or a reading is stored: this is how often to ask.
ASK_SECONDS = 0.02


@contextmanager
def logged_in(stack: Stack, device: Device, username: str = "") -> Iterator[MqttDevice]:
    """By its id or the user name given, once the broker has heard of it."""
    username = username or str(device.id)
    deadline = time.monotonic() + PATIENCE
    while True:
        with mqtt_device(stack.port, username, device.key, v5=stack.kind == MOSQUITTO) as client:
            if client.connection == "Success":
                yield client
                return
        assert time.monotonic() < deadline, client.connection
        time.sleep(ASK_SECONDS)


def eventually(condition: Callable[[], bool], within: float = PATIENCE) -> None:
    """Until it is so."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(ASK_SECONDS)


def counted(metrics_port: int, name: str, **labels: str) -> float:
    """What an adapter has counted; 0 where it has not begun."""
    text = httpx.get(f"http://127.0.0.1:{metrics_port}/metrics", trust_env=False).text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return sum(one.value for one in samples if one.name == name and labels.items() <= one.labels.items())


def stored(stack: Stack, device: Device, rows: int = 1) -> dict[int, dict[str, object]]:
    """What the server has of the device, once it is so many readings."""
    eventually(lambda: len(stack.readings(device.id)) >= rows)
    return stack.readings(device.id)
