"""A stream of messages that the broker acknowledges, and the readings that must be stored."""

import json
import subprocess
import sys
from pathlib import Path

from tests.integration.mqtt.clients import eventually
from tests.support.mqtt import Device, Stack

PUBLISHER = Path(__file__).parents[2] / "bench" / "mqtt_publisher.py"
T0 = 1_700_000_000_000
FIELDS = {"temperature", "humidity", "pressure", "door", "battery", "sent"}


class Flow:
    """Messages of QoS 1 with six fields, for many devices in turn. rate: messages a second; 0: as fast as the broker accepts them."""

    def __init__(self, stack: Stack, devices: list[Device], messages: int, rate: int) -> None:
        self._stack = stack
        self._devices = devices
        self._messages = messages
        token = (stack.server.folder / "gateway-token").read_text().strip()
        ids = json.dumps([device.id for device in devices])
        login = [str(stack.port), "iotflow/gateway", token]
        self._process = subprocess.Popen(
            [sys.executable, str(PUBLISHER), *login, str(messages), ids, str(rate), "0"], stderr=subprocess.PIPE
        )

    @property
    def stored(self) -> int:
        """The number of stored readings of these devices."""
        return self._stack.count(self._devices)

    def wait_for(self, stored: int) -> None:
        """Wait until this many readings are stored."""
        eventually(lambda: self.stored >= stored, 120)

    def finish(self, within: float = 120) -> None:
        """Wait until all messages are acknowledged; each must be stored as it was sent."""
        self.published(within)
        eventually(lambda: self.stored >= self._messages, 20)
        for place, device in enumerate(self._devices):
            numbers = range(place, self._messages, len(self._devices))
            found = self._stack.readings(device.id)
            assert sorted(found) == [T0 + number for number in numbers]
            assert all(found[T0 + number]["temperature"] == number / 4 for number in numbers)
            assert all(set(row) == FIELDS for row in found.values())

    def published(self, within: float = 120) -> None:
        """Wait until the broker has acknowledged all messages."""
        assert self._process.wait(within) == 0, self._process.stderr and self._process.stderr.read()

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stderr:
            self._process.stderr.close()
