"""Callers that overload the service: `python -m tests.bench.attackers NAME REST GRPC MQTT` runs until it is ended.

Each prints `attacking` when its preparations are complete, and repeats refused requests.
"""

import contextlib
import itertools
import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import grpc
import httpx
import numpy as np
import paho.mqtt.client as paho
from grpc_health.v1 import health_pb2, health_pb2_grpc
from paho.mqtt.enums import CallbackAPIVersion

from iotflow.batches import encode_batch
from iotflow.v1.telemetry_pb2 import TelemetryBatch
from iotflow.v1.telemetry_service_pb2 import ExportTelemetryRequest, ReadTelemetryRequest
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub

REFUSED = (httpx.HTTPError, grpc.RpcError, OSError)
# Seconds to wait after a refusal: a flood of refusals is another attack.
PAUSE = 0.05


@dataclass(frozen=True)
class Target:
    """The addresses of the service, and a device."""

    rest: str
    grpc: str
    mqtt: int
    device: int
    key: str

    @property
    def metadata(self) -> tuple[tuple[str, str], ...]:
        return (("x-api-key", self.key),)

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        return httpx.request(
            method, self.rest + path, headers={"x-api-key": self.key}, timeout=120, trust_env=False, **more
        )


def started() -> None:
    sys.stdout.write("attacking\n")
    sys.stdout.flush()


def repeat(one: Callable[[], object], together: int = 1) -> None:
    """Repeat an act in this number of threads."""

    def again() -> None:
        while True:
            with contextlib.suppress(*REFUSED):
                one()
            time.sleep(PAUSE)

    others = [threading.Thread(target=again, daemon=True) for _ in range(together - 1)]
    for other in others:
        other.start()
    again()


def nested(target: Target) -> None:
    """Invalid JSON, deeply nested, without a credential."""
    body, headers = b"[" * 262_000 + b"NaN", {"content-type": "application/json"}
    started()
    repeat(
        lambda: httpx.post(
            f"{target.rest}/api/v1/devices/telemetry", content=body, headers=headers, timeout=120, trust_env=False
        ),
        2,
    )


def sparse(target: Target) -> None:
    """A megabyte of readings that each have measurements of their own."""
    readings = [
        {"timestamp": 1_700_000_000_000 + row, "data": {f"r{row}_{name}": 1 for name in range(10)}}
        for row in range(10_000)
    ]
    body = json.dumps({"readings": readings})
    started()
    repeat(lambda: target.call("POST", "/api/v1/devices/telemetry/batch", content=body), 2)


def aggregation(target: Target) -> None:
    """Queries with hundreds of thousands of results."""
    times = np.arange(10_000) * 1_000 + 1_700_000_000_000
    send(target, iter([encode_batch(times, {f"m{number}": np.ones(len(times)) for number in range(10)})]))
    question = {"window": "1s", "start_time": str(times[0]), "end_time": str(times[-1] - 2_000), "fill": "linear"}
    functions = "avg,min,max,sum,count,first,last,median,stddev"
    path = f"/api/v1/telemetry/{target.device}/aggregated"
    started()
    repeat(lambda: target.call("GET", path, params={**question, "aggregation": functions}), 4)


def names(target: Target) -> None:
    """Many new measurements, and readers of all of them."""
    numbers = itertools.count()

    def more() -> Iterator[TelemetryBatch]:
        for _ in range(20):
            message = TelemetryBatch(timestamps=[1_700_000_000_000 + next(numbers)])
            for _ in range(1_000):
                message.columns.add(measurement=f"n{next(numbers)}", doubles=[1.0])
            yield message

    threading.Thread(target=lambda: repeat(lambda: send(target, more())), daemon=True).start()
    started()
    path = f"/api/v1/telemetry/{target.device}"
    repeat(lambda: target.call("GET", path, params={"start_time": "2023-01-01", "limit": "1000"}), 8)


def stalled(target: Target) -> None:
    """Streams that are not read."""
    times = np.arange(20_000) * 1_000 + 1_700_000_000_000
    batches = (
        encode_batch(
            times + part * 20_000_000, {f"m{name}": np.random.default_rng(name).random(len(times)) for name in range(5)}
        )
        for part in range(10)
    )
    send(target, batches)
    channels = [grpc.insecure_channel(target.grpc, options=[("grpc.use_local_subchannel_pool", 1)]) for _ in range(50)]
    calls: list[Any] = []
    started()
    for number in range(100):
        stub = TelemetryServiceStub(channels[number % 50])
        calls.append(stub.ReadTelemetry(ReadTelemetryRequest(device_ids=[target.device]), metadata=target.metadata))
        request = ExportTelemetryRequest(format="csv", device_ids=[target.device])
        calls.append(stub.ExportTelemetry(request, metadata=target.metadata))
    for number in range(5_000):
        watch: Any = health_pb2_grpc.HealthStub(channels[number % 50])
        calls.append(watch.Watch(health_pb2.HealthCheckRequest()))
    threading.Event().wait()


def large_publish(target: Target) -> None:
    """PUBLISH packets of 256 MB, from six clients."""
    started()
    repeat(lambda: publish_without_end(target), 6)


def publish_without_end(target: Target) -> None:
    with socket.create_connection(("127.0.0.1", target.mqtt), timeout=30) as connection:
        connection.sendall(connect_packet(str(target.device), target.key))
        connection.recv(4)
        topic = f"iotflow/devices/{target.device}/telemetry".encode()
        connection.sendall(b"\x32\xff\xff\xff\x7f" + len(topic).to_bytes(2) + topic + b"\x00\x01")
        piece = b"x" * 65_536
        for _ in range(2**28 // len(piece) - 1):
            connection.sendall(piece)


def connect_packet(user: str, password: str) -> bytes:
    """CONNECT of MQTT 3.1.1, with a login and a clean session."""
    texts = [f"large {threading.get_ident()}", user, password]
    rest = b"".join(len(text).to_bytes(2) + text.encode() for text in texts)
    body = b"\x00\x04MQTT\x04\xc2\x00\x3c" + rest
    return bytes([0x10, len(body)]) + body


def retained(target: Target) -> None:
    """Retained messages of a megabyte, on many topics."""
    numbers = itertools.count()
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"retaining {target.device}")
    client.username_pw_set(str(target.device), target.key)
    client.connect("127.0.0.1", target.mqtt)
    client.loop_start()
    started()

    def one() -> None:
        topic = f"iotflow/devices/{target.device}/telemetry/x{next(numbers) % 200}"
        with contextlib.suppress(RuntimeError, ValueError):
            client.publish(topic, b"x" * 1_000_000, qos=1, retain=True).wait_for_publish(5)

    repeat(one)


def bad_names(target: Target) -> None:
    """Devices with names that brokers refuse."""
    numbers = itertools.count()
    started()

    def one() -> None:
        name = f"pump\u0085{target.device} {next(numbers)}"
        httpx.post(f"{target.rest}/api/v1/devices/register", json={"name": name}, timeout=30, trust_env=False)

    repeat(one)


def connections(target: Target) -> None:
    """Thousands of idle connections."""
    ports = [int(target.rest.rpartition(":")[2]), int(target.grpc.rpartition(":")[2]), target.mqtt]
    held: list[socket.socket] = []
    started()
    for port in itertools.chain.from_iterable(itertools.repeat(ports, 3_000)):
        with contextlib.suppress(OSError):
            held.append(socket.create_connection(("127.0.0.1", port), timeout=5))
    threading.Event().wait()


def send(target: Target, batches: Iterator[TelemetryBatch]) -> None:
    def numbered() -> Iterator[TelemetryBatch]:
        for number, batch in enumerate(batches):
            batch.sequence = number + 1
            yield batch

    with grpc.insecure_channel(target.grpc) as channel:
        for _ in TelemetryServiceStub(channel).StreamTelemetry(numbered(), metadata=target.metadata):
            pass


ATTACKS: dict[str, Callable[[Target], None]] = {
    attack.__name__: attack
    for attack in (nested, sparse, aggregation, names, stalled, large_publish, retained, bad_names, connections)
}


def main(name: str, rest: str, grpc_port: str, mqtt: str) -> None:
    """Register a device, and attack with it."""
    made = httpx.post(
        f"http://127.0.0.1:{rest}/api/v1/devices/register", json={"name": f"attacker {name}"}, trust_env=False
    )
    device = made.json()["device"]
    ATTACKS[name](
        Target(f"http://127.0.0.1:{rest}", f"127.0.0.1:{grpc_port}", int(mqtt), device["id"], device["api_key"])
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
