"""Commands while the server or the broker restarts: the adapter continues, and each device receives its queued commands."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import grpc
import pytest

from iotflow.v1.command_service_pb2 import SendCommandRequest
from tests.faults.server import Server
from tests.integration.mqtt.clients import eventually, logged_in
from tests.support.admin_stubs import AdminStubs
from tests.support.mqtt import MOSQUITTO, Device, Stack, stack_at
from tests.support.mqtt_device import MqttDevice

SENDERS, ENOUGH = 4, 100
# Nobody ends these commands, and of those that have not ended a device has 1,000 at the most.
PACE_SECONDS = 0.05


@pytest.fixture
def stack(server_of_stacks: Server, tmp_path: Path) -> Iterator[Stack]:
    with stack_at(server_of_stacks, tmp_path, MOSQUITTO) as running:
        running.adapter().start()
        yield running


class Sending:
    """Commands to devices from several concurrent senders, despite restarts of the server. sent: the queued commands."""

    def __init__(self, stack: Stack, devices: list[Device]) -> None:
        self.sent: set[int] = set()
        self._stack = stack
        self._devices = devices
        self._over = threading.Event()
        self._pool = ThreadPoolExecutor(SENDERS)
        self._tasks = [self._pool.submit(self._send) for _ in range(SENDERS)]

    def end(self) -> None:
        self._over.set()
        for task in self._tasks:
            task.result()
        self._pool.shutdown()

    def _send(self) -> None:
        options = [("grpc.max_reconnect_backoff_ms", 200)]
        with grpc.insecure_channel(self._stack.server.target, options=options) as channel:
            stub, number = AdminStubs(channel), 0
            while not self._over.wait(PACE_SECONDS):
                number += 1
                request = SendCommandRequest(device_id=self._devices[number % len(self._devices)].id, name="turn")
                try:
                    answer = stub.commands.SendCommand(
                        request, metadata=self._stack.admin, timeout=2, wait_for_ready=True
                    )
                except grpc.RpcError:
                    continue
                self.sent.add(answer.command.id)


def test_server_restarts(stack: Stack) -> None:
    devices = [stack.register(f"turner {number}") for number in range(4)]
    with ExitStack() as clients:
        received = [clients.enter_context(logged_in(stack, device)) for device in devices]
        for client, device in zip(received, devices, strict=True):
            client.subscribe(f"iotflow/devices/{device.id}/commands/#")
        sending = Sending(stack, devices)
        try:
            for end in (stack.server.stop, stack.server.kill) * 2:
                enough = len(_ids(received)) + ENOUGH
                eventually(lambda enough=enough: len(_ids(received)) >= enough)  # type: ignore[misc]
                end()
                stack.server.start()
        finally:
            sending.end()
        # Commands offered by a killed server are offered again when their lease expires.
        eventually(lambda: sending.sent <= _ids(received), 60)
        process = stack.adapters[0].process
        assert process
        assert process.alive, process.output


def test_broker_restarts(stack: Stack) -> None:
    """Commands in flight at the restart arrive first afterwards, and at once."""
    device = stack.register("turner")
    with logged_in(stack, device) as client:
        sending = Sending(stack, [device])
        try:
            for _ in range(3):
                client.subscribe(f"iotflow/devices/{device.id}/commands/#")
                client.publish(f"iotflow/devices/{device.id}/status/online", b"")
                enough = len(_ids([client])) + ENOUGH
                client.wait(lambda enough=enough: len(client.received) >= enough)  # type: ignore[misc]
                client.connection = None
                stack.broker.kill()
                stack.broker.start()
                client.wait(lambda: client.connection == "Success")
            client.subscribe(f"iotflow/devices/{device.id}/commands/#")
            client.publish(f"iotflow/devices/{device.id}/status/online", b"")
        finally:
            sending.end()
        eventually(lambda: sending.sent <= _ids([client]), 10)
        first = list(dict.fromkeys(message.json()["id"] for message in client.received))
        assert first == sorted(first)


def _ids(clients: list[MqttDevice]) -> set[int]:
    return {message.json()["id"] for client in clients for message in list(client.received)}
