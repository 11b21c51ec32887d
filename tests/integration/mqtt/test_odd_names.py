"""A stored name that cannot be part of a topic does not affect other devices. Its device works by its id."""

import sqlite3
from collections.abc import Callable, Iterator

import grpc
import pytest

from iotflow.errors import server_error
from tests.faults.server import Server
from tests.integration.mqtt.clients import eventually, logged_in, stored
from tests.support.mqtt import EMBEDDED, MOSQUITTO, Stack, stack_at

NAMES = ["pump\u0085x", "a/b", "line\niotflow/gateway:x", "\ufffe", "+", "7"]
TYPE = "type\u0085"


@pytest.fixture(scope="module", params=[MOSQUITTO, EMBEDDED])
def stack(
    server_of_stacks: Server, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    with stack_at(server_of_stacks, tmp_path_factory.mktemp("mqtt"), request.param) as running:
        running.adapter().start()
        yield running


def renamed_in_the_database(stack: Stack, device_id: int, name: str) -> None:
    """Store a name as an older version or another program did."""
    with sqlite3.connect(stack.server.folder / "registry.db", timeout=20) as database:
        database.execute("UPDATE devices SET name = ?, device_type = ? WHERE id = ?", (name, TYPE, device_id))
    database.close()


def test_stored_names_close_no_connection(stack: Stack) -> None:
    adapter = stack.adapters[0]
    devices = [stack.register(f"odd {number}") for number in range(len(NAMES))]
    for device, name in zip(devices, NAMES, strict=True):
        renamed_in_the_database(stack, device.id, name)
        # The adapter receives it with the next change.
        stack.set_status(device, "maintenance")
    for device in devices:
        stack.set_desired(device, {"interval": 5})
    with logged_in(stack, devices[0]) as client:
        client.subscribe(f"iotflow/devices/{devices[0].id}/#")
        command = stack.send_command(devices[0], "blink", {})
        stack.send_group_command(TYPE, "all", {}, announce=True)
        topics = {f"iotflow/devices/{devices[0].id}/{one}" for one in ("config", "commands/control")}
        client.wait(lambda: topics <= {received.topic for received in client.received})
        assert stack.command(command.id).state in ("delivered", "queued")
        client.publish(f"iotflow/devices/{devices[0].id}/telemetry", {"data": {"t": 1}})
        assert len(stored(stack, devices[0])) == 1
    eventually(lambda: stack.command(command.id).state == "delivered")
    assert adapter.logged("broker_lost") == 0
    assert adapter.process
    assert adapter.process.alive


@pytest.mark.parametrize("name", ["pump\u0085x", "pump\u200b", "pump\u202e", "\ufdd0"])
def test_new_names_are_rejected(stack: Stack, name: str) -> None:
    """At registration and renaming. The same holds for types, which become topics of groups."""
    plain = stack.register(f"plain {ord(name[-1])}")
    attempts: list[Callable[[], object]] = [
        lambda: stack.register(name),
        lambda: stack.rename(plain, name),
        lambda: stack.register(f"other {ord(name[-1])}", device_type=name),
    ]
    for attempt in attempts:
        with pytest.raises(grpc.RpcError) as rejected:
            attempt()
        error = server_error(rejected.value)  # type: ignore[arg-type]
        assert error.code is grpc.StatusCode.INVALID_ARGUMENT
        assert error.field in ("name", "device_type")
