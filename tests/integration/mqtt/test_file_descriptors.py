"""A client that uses all file descriptors of the adapter or the server blocks new connections and does not affect open ones."""

import contextlib
import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from iotflow.v1.device_service_pb2 import RegisterDeviceRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from tests.faults.server import Server
from tests.integration.mqtt.clients import PATIENCE, eventually, logged_in, stored
from tests.support.mqtt import EMBEDDED, Part, Stack, stack_at
from tests.support.processes import free_port, serving_port

DESCRIPTORS, CONNECTIONS = 96, 140
WATCHED_SECONDS, MOST_PROCESSOR = 3.0, 0.5
MOST_LINES = 3 * WATCHED_SECONDS + 20


@pytest.fixture(scope="module")
def stack(server_of_stacks: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack_at(server_of_stacks, tmp_path_factory.mktemp("mqtt"), EMBEDDED) as running:
        yield running


@contextlib.contextmanager
def connections(port: int) -> Iterator[None]:
    """More connections than descriptors. The system's backlog holds those that are not accepted."""
    with contextlib.ExitStack() as open_:
        for _ in range(CONNECTIONS):
            open_.enter_context(socket.create_connection(("127.0.0.1", port), 5))
        yield


def test_the_adapter_and_its_broker(stack: Stack) -> None:
    metrics = free_port()
    env = stack.env | {"IOTFLOW_GATEWAY_METRICS_PORT": str(metrics)}
    command = ["sh", "-c", f"ulimit -n {DESCRIPTORS}; exec {sys.executable} -P -m iotflow_gateway"]
    adapter = Part(command, env, "broker_listening")
    stack.ending.callback(adapter.close)
    adapter.start()
    assert adapter.process
    device = stack.register("connected")
    topic = f"iotflow/devices/{device.id}/telemetry"
    with logged_in(stack, device) as client:
        client.publish(topic, {"data": {"t": 1}})
        with connections(stack.port), socket.socket() as scrape:
            pid = adapter.process.pid
            eventually(lambda: len(list(Path(f"/proc/{pid}/fd").iterdir())) >= DESCRIPTORS - 2)
            # A scrape that waits in the backlog must not keep the adapter busy.
            scrape.connect(("127.0.0.1", metrics))
            scrape.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            lines, before = len(adapter.process.lines), processor_seconds(pid)
            time.sleep(WATCHED_SECONDS)
            assert processor_seconds(pid) - before < MOST_PROCESSOR * WATCHED_SECONDS
            assert len(adapter.process.lines) - lines <= MOST_LINES, adapter.process.output
            client.publish(topic, {"data": {"t": 2}})
            assert len(stored(stack, device, 2)) == 2
    assert adapter.process.alive
    with logged_in(stack, device) as again:
        again.publish(topic, {"data": {"t": 3}})
        assert len(stored(stack, device, 3)) == 3


def test_the_server(tmp_path: Path) -> None:
    env = {"IOTFLOW_DATA_DIR": str(tmp_path), "IOTFLOW_GRPC_PORT": "0", "IOTFLOW_REGISTRATION": "open"}
    server = Part(["sh", "-c", f"ulimit -n {DESCRIPTORS}; exec {sys.executable} -P -m iotflow_server"], env, "serving")
    server.start()
    assert server.process
    port = serving_port(server.process)
    with contextlib.closing(server), grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        register(channel, "before")
        with connections(port):
            pid = server.process.pid
            eventually(lambda: len(list(Path(f"/proc/{pid}/fd").iterdir())) >= DESCRIPTORS - 2)
            lines, before = len(server.process.lines), processor_seconds(pid)
            time.sleep(WATCHED_SECONDS)
            assert processor_seconds(pid) - before < MOST_PROCESSOR * WATCHED_SECONDS
            assert len(server.process.lines) - lines <= MOST_LINES, server.process.output
            register(channel, "meanwhile")
        with grpc.insecure_channel(f"127.0.0.1:{port}") as newcomer:
            register(newcomer, "afterwards")


def register(channel: grpc.Channel, name: str) -> None:
    request = RegisterDeviceRequest(name=name)
    assert DeviceServiceStub(channel).RegisterDevice(request, timeout=PATIENCE, wait_for_ready=True).device.id


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
