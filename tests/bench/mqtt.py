"""MQTT: QoS 1, JSON of six fields, through Mosquitto, the adapter and the server into each store; and commands."""

import json
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import grpc
import numpy as np
import paho.mqtt.client as paho

from iotflow.v1.command_service_pb2 import SendCommandRequest
from iotflow.v1.telemetry_service_pb2 import SubscribeTelemetryRequest
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.bench.mqtt_backlog import DEVICES, PATIENCE, Bench, Rates, bench
from tests.bench.mqtt_stores import IOTDB, SQLITE
from tests.bench.table import Figure, Line
from tests.integration.mqtt.clients import logged_in
from tests.support.admin_stubs import AdminStubs
from tests.support.mqtt import EMBEDDED, MOSQUITTO, Part, Stack, mqtt_stack

RATE, SECONDS = 1_000, 15
COMMANDS = 320


def measure(folder: Path) -> Iterator[Line]:
    """A backlog, and a steady rate, into each store; a backlog by two adapters; commands."""
    one = yield from _into(folder / "sqlite", SQLITE)
    yield _two(folder / "two", SQLITE, one)
    yield from _into(folder / "iotdb", IOTDB)
    yield _endpoint(folder / "endpoint")
    yield _command_line(folder / "commands")


def _into(folder: Path, store: str) -> Generator[Line, None, Rates]:
    with bench(folder, store) as alone:
        (adapter,) = alone.adapters(1)
        one, paho_alone = alone.drained_beside_paho(adapter)
        yield from _backlog(store, one, paho_alone)
        yield _steady(store, alone, adapter)
    return one


def _backlog(store: str, one: Rates, alone: Rates) -> Iterator[Line]:
    what = f"MQTT QoS 1, JSON of 6 fields, {DEVICES} devices → {store}"
    yield Line(what, Figure(one.a_second, "/s", note=one.processor), None, one.a_core, 12_000, "/s a core")
    what = f"→ {store}, the adapter against paho alone"
    against = _by_processor(alone, "paho alone, acknowledging by hand")
    yield Line(what, _by_processor(one), against, one.a_core / alone.a_core, None)


def _by_processor(rates: Rates, name: str = "") -> Figure:
    return Figure(rates.a_core, "/s a core", name, f"{rates.a_second:,.0f}/s")


def _two(folder: Path, store: str, one: Rates) -> Line:
    with bench(folder, store) as shared:
        two = shared.drained(shared.adapters(2))
    what = f"→ {store}, two adapters by $share"
    figure, against = Figure(two.a_second, "/s"), Figure(one.a_second, "/s", "one")
    return Line(what, figure, against, two.a_second / one.a_second, 1.5)


def _endpoint(folder: Path) -> Line:
    with bench(folder, SQLITE, EMBEDDED) as own:
        own.stack.adapter().start()
        rate = own.acknowledged()
    what = f"the same through the MQTT endpoint → {SQLITE}, acknowledged once stored"
    return Line(what, Figure(rate, "/s"), None, rate, None, "/s")


def _steady(store: str, one: Bench, adapter: Part) -> Line:
    p50, p99 = _latency(one, adapter)
    figure = Figure(p99, "ms", "p99", f"p50 {p50:.1f} ms")
    return Line(f"→ {store}, publish to stored, at {RATE:,}/s", figure, None, p99, 100, " ms", at_most=True)


def _latency(one: Bench, adapter: Part) -> tuple[float, float]:
    """Milliseconds at the median and the 99th percentile, from the publication of a message to its event in the live feed."""
    adapter.start()
    with grpc.insecure_channel(one.stack.server.target) as channel:
        request = SubscribeTelemetryRequest(columnar=True, fields=["sent"])
        metadata = one.stack.admin
        events = TelemetryServiceStub(channel).SubscribeTelemetry(request, metadata=metadata, timeout=PATIENCE)
        next(events)
        # The broker delivers messages again that an adapter stored just before it was stopped.
        began = time.time() * 1_000
        with one.publisher(RATE * SECONDS, RATE):
            waits: list[float] = []
            while len(waits) < RATE * SECONDS:
                event = next(events)
                now = time.time() * 1_000
                waits += [now - sent for column in event.batch.columns for sent in column.doubles if sent >= began]
        events.cancel()
    # The first second includes connections and caches.
    return float(np.percentile(waits[RATE:], 50)), float(np.percentile(waits[RATE:], 99))


def _command_line(folder: Path) -> Line:
    p50, p99 = _commands(folder)
    what = "a command by MQTT, from SendCommand to the device's answer"
    return Line(what, Figure(p99, "ms", "p99", f"p50 {p50:.1f} ms"), None, p99, 50, " ms", at_most=True)


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
            waits = [_command(stack, AdminStubs(channel), device.id) for _ in range(COMMANDS)]
    return float(np.percentile(waits[20:], 50)), float(np.percentile(waits[20:], 99))


def _command(stack: Stack, admin: AdminStubs, device_id: int) -> float:
    request = SendCommandRequest(device_id=device_id, name="reboot", wait_seconds=10)
    began = time.perf_counter()
    done = admin.commands.SendCommand(request, metadata=stack.admin, timeout=PATIENCE).command
    assert done.state == "succeeded"
    return (time.perf_counter() - began) * 1_000
