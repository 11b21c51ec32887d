"""MQTT: QoS 1, JSON of six fields, through Mosquitto, the adapter and the server into SQLite."""

import json
import sqlite3
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, closing
from pathlib import Path

import grpc
import numpy as np
import paho.mqtt.client as paho

from iotflow.v1.admin_service_pb2 import SendCommandRequest
from iotflow.v1.admin_service_pb2_grpc import AdminServiceStub
from iotflow.v1.telemetry_service_pb2 import SubscribeTelemetryRequest
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.bench.processor import cpu_seconds
from tests.bench.table import Line
from tests.integration.mqtt.clients import logged_in
from tests.mqtt import MOSQUITTO, Part, Stack, mqtt_stack
from tests.processes import Running, running

PUBLISHER = str(Path(__file__).with_name("mqtt_publisher.py"))
MESSAGES, DEVICES = 100_000, 100
RATE, SECONDS = 1_000, 15
COMMANDS = 320
# Polled: nobody tells a bench that a row is stored.
ASK_SECONDS = 0.02
PATIENCE = 180.0
COUNT = "SELECT count(*) FROM reading WHERE series IN (SELECT id FROM series WHERE measurement = 'temperature')"


def measure(folder: Path) -> list[Line]:
    """A backlog, by one adapter and by two; and how long a reading takes at a steady rate."""
    one, told = _drained(folder / "one", 1)
    two, _ = _drained(folder / "two", 2)
    p50, p99 = _latency(folder / "steady")
    command50, command99 = _commands(folder / "commands")
    what = f"MQTT QoS 1, JSON of 6 fields, {DEVICES} devices → SQLite"
    return [
        Line(what, f"{one.messages_a_second:,.0f}/s", told, one.messages_a_core, 12_000, "/s a core"),
        Line(
            "the same, two adapters by $share",
            f"{two.messages_a_second:,.0f}/s",
            f"one: {one.messages_a_second:,.0f}/s",
            two.messages_a_second / one.messages_a_second,
            1.5,
        ),
        Line(
            f"publish to stored, at {RATE:,}/s",
            f"p50 {p50:.1f} ms, p99 {p99:.1f} ms",
            "",
            p99,
            100,
            " ms",
            at_most=True,
        ),
        Line(
            "a command by MQTT, from SendCommand to the device's answer",
            f"p50 {command50:.1f} ms, p99 {command99:.1f} ms",
            "",
            command99,
            50,
            " ms",
            at_most=True,
        ),
    ]


class Drained:
    """How fast a backlog went."""

    def __init__(self, messages: int, seconds: float, cores: Sequence[float]) -> None:
        self.messages_a_second = messages / seconds
        self.messages_a_core = messages / sum(cores)


def _drained(folder: Path, adapters: int) -> tuple[Drained, str]:
    """What the broker has kept while no adapter was there, from the first connection to the last reading stored."""
    folder.mkdir()
    with mqtt_stack(folder, MOSQUITTO) as stack:
        group = "bench" if adapters > 1 else ""
        parts = [stack.adapter(name=str(number), group=group) for number in range(adapters)]
        for part in parts:
            part.start()
        for part in parts:
            part.stop()
        _publish(stack, MESSAGES, 0)
        others = [_pid(stack.broker.process), stack.server.pid]
        before = [cpu_seconds([pid]) for pid in others]
        for part in parts:
            part.start()
        # The first has begun while the last was starting.
        began, early, at_start = time.perf_counter(), _stored(stack), _cores(parts)
        _wait_for(stack, MESSAGES)
        took = time.perf_counter() - began
        cores = [now - then for now, then in zip(_cores(parts), at_start, strict=True)]
        broker, server = (cpu_seconds([pid]) - then for pid, then in zip(others, before, strict=True))
    drained = Drained(MESSAGES - early, took, cores)
    told = f"processor: adapter {sum(cores):.1f} s, broker {broker:.1f} s, server {server:.1f} s for {MESSAGES:,}"
    return drained, told


def _latency(folder: Path) -> tuple[float, float]:
    """Milliseconds at the median and the 99th percentile, from just before a message is published to the live feed's telling of it."""
    folder.mkdir()
    with mqtt_stack(folder, MOSQUITTO) as stack, grpc.insecure_channel(stack.server.target) as channel:
        stack.adapter().start()
        request = SubscribeTelemetryRequest(columnar=True, fields=["sent"])
        events = TelemetryServiceStub(channel).SubscribeTelemetry(request, metadata=stack.admin, timeout=PATIENCE)
        next(events)
        with _publisher(stack, RATE * SECONDS, RATE):
            waits: list[float] = []
            while len(waits) < RATE * SECONDS:
                event = next(events)
                now = time.time() * 1_000
                waits += [now - sent for column in event.batch.columns for sent in column.doubles]
        events.cancel()
    # The first second is the connections' and caches'.
    return float(np.percentile(waits[RATE:], 50)), float(np.percentile(waits[RATE:], 99))


def _commands(folder: Path) -> tuple[float, float]:
    """Milliseconds at the median and the 99th percentile, one command after the other, to a device that answers at once."""
    folder.mkdir()
    with mqtt_stack(folder, MOSQUITTO) as stack, grpc.insecure_channel(stack.server.target) as channel:
        stack.adapter().start()
        device = stack.register("commanded")
        root = f"iotflow/devices/{device.id}"

        def answer(client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
            command = json.loads(message.payload)
            client.publish(f"{root}/commands/ack", json.dumps({"command_id": command["id"], "state": "succeeded"}), 1)

        with logged_in(stack, device) as listener:
            listener.client.on_message = answer
            listener.subscribe(f"{root}/commands/control")
            waits = [_command(stack, AdminServiceStub(channel), device.id) for _ in range(COMMANDS)]
    return float(np.percentile(waits[20:], 50)), float(np.percentile(waits[20:], 99))


def _command(stack: Stack, admin: AdminServiceStub, device_id: int) -> float:
    request = SendCommandRequest(device_id=device_id, name="reboot", wait_seconds=10)
    began = time.perf_counter()
    done = admin.SendCommand(request, metadata=stack.admin, timeout=PATIENCE).command
    assert done.state == "succeeded"
    return (time.perf_counter() - began) * 1_000


def _publisher(stack: Stack, messages: int, rate: int) -> AbstractContextManager[Running]:
    devices = json.dumps([stack.register(f"device {number}").id for number in range(DEVICES)])
    token = (stack.server.folder / "gateway-token").read_text().strip()
    login = [str(stack.port), "iotflow/gateway", token]
    return running([sys.executable, PUBLISHER, *login, str(messages), devices, str(rate), "0"])


def _publish(stack: Stack, messages: int, rate: int) -> None:
    with _publisher(stack, messages, rate) as publisher:
        assert publisher.exit_code(PATIENCE) == 0, publisher.output


def _wait_for(stack: Stack, readings: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while _stored(stack) < readings:
        assert time.monotonic() < deadline, "not all readings came"
        time.sleep(ASK_SECONDS)


def _stored(stack: Stack) -> int:
    with closing(sqlite3.connect(f"file:{stack.server.folder}/telemetry.db?mode=ro", uri=True)) as database:
        found: int = database.execute(COUNT).fetchone()[0]
        return found


def _cores(parts: Sequence[Part]) -> list[float]:
    return [cpu_seconds([_pid(part.process)]) for part in parts]


def _pid(process: Running | None) -> int:
    assert process
    return process.pid
