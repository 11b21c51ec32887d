"""100,000 messages of QoS 1 while broker, adapter and server are killed in turn: acknowledged messages are stored unchanged."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.integration.mqtt.clients import eventually
from tests.support.mqtt import EMBEDDED, MOSQUITTO, Device, Stack, mqtt_stack

MESSAGES, DEVICES, IN_FLIGHT = 100_000, 50, 500
T0 = 1_700_000_000_000
SERVER_AWAY_SECONDS = 20


class Publisher:
    """Publishes the readings of all devices through one session, which it resumes after a disconnection."""

    def __init__(self, stack: Stack, devices: list[Device]) -> None:
        self.acknowledged = 0
        self._devices = devices
        self._news = threading.Condition()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="publisher", clean_session=False)
        self._client.username_pw_set("iotflow/gateway", (stack.server.folder / "gateway-token").read_text().strip())
        self._client.reconnect_delay_set(1, 1)
        self._client.max_inflight_messages_set(IN_FLIGHT)
        self._client.on_publish = self._on_publish
        self._client.connect("127.0.0.1", stack.port)
        self._client.loop_start()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def wait_for(self, acknowledged: int) -> None:
        """Wait until this number of messages is acknowledged."""
        with self._news:
            assert self._news.wait_for(lambda: self.acknowledged >= acknowledged, 300), self.acknowledged

    def close(self) -> None:
        self._thread.join(300)
        self._client.disconnect()
        self._client.loop_stop()

    def _run(self) -> None:
        for number in range(MESSAGES):
            with self._news:
                self._news.wait_for(lambda number=number: number - self.acknowledged < IN_FLIGHT)  # type: ignore[misc]
            device = self._devices[number % DEVICES].id
            payload = f'{{"timestamp":{T0 + number},"data":{{"n":{number},"half":{number / 2},"even":{str(number % 2 == 0).lower()}}}}}'
            self._client.publish(f"iotflow/devices/{device}/telemetry", payload, 1)

    def _on_publish(self, *_: object) -> None:
        with self._news:
            self.acknowledged += 1
            self._news.notify_all()


@pytest.fixture(params=[MOSQUITTO, EMBEDDED])
def stack(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stack]:
    with mqtt_stack(tmp_path, request.param) as running:
        yield running


@pytest.mark.timeout(900)
def test_acknowledged_messages_are_stored_while_processes_are_killed(stack: Stack, random: Random) -> None:
    adapter = stack.adapter()
    adapter.start()
    broker = adapter if stack.kind == EMBEDDED else stack.broker
    devices = [stack.register(f"device {number}") for number in range(DEVICES)]
    publisher = Publisher(stack, devices)
    for part in range(1, 10):
        publisher.wait_for(MESSAGES // 10 * part + random.randrange(MESSAGES // 20))
        match part % 3:
            case 0:
                broker.stop()
                broker.start()
            case 1:
                adapter.kill()
                adapter.start()
            case 2:
                stack.server.kill()
                if part == 5:
                    asyncio.run(asyncio.sleep(SERVER_AWAY_SECONDS))
                stack.server.start()
    publisher.wait_for(MESSAGES)
    publisher.close()
    # Mosquitto acknowledges queued messages; the embedded broker acknowledges stored ones.
    within = 300 if stack.kind == MOSQUITTO else 0
    eventually(lambda: sum(len(stack.readings(device.id)) for device in devices) >= MESSAGES, within)
    for place, device in enumerate(devices):
        assert stack.readings(device.id) == {
            T0 + number: {"n": float(number), "half": number / 2, "even": number % 2 == 0}
            for number in range(place, MESSAGES, DEVICES)
        }
