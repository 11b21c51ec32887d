"""Reading, devices and paging of the client against the real server, without asyncio."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from google.protobuf import json_format

from iotflow.commands import Command
from iotflow.errors import ServerError
from iotflow.sync import Client
from iotflow.v1.command_service_pb2 import SendCommandRequest, SendCommandResponse
from iotflow.v1.command_service_pb2_grpc import CommandServiceStub
from iotflow.v1.fleet_service_pb2 import ListDevicesRequest, ListDevicesResponse
from iotflow.v1.fleet_service_pb2_grpc import FleetServiceStub
from tests.support.processes import serving_port
from tests.support.server_process import server

T0 = 1_700_000_000_000
ROWS = 2_500


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a server, and its folder."""
    folder = tmp_path_factory.mktemp("server")
    with server(folder) as (process, _):
        yield f"127.0.0.1:{serving_port(process)}", folder


@pytest.fixture
def client(running: tuple[str, Path], request: pytest.FixtureRequest) -> Iterator[Client]:
    """A client of a new device."""
    with Client(running[0]) as client:
        client.register(request.node.name[:100], "sensor")
        yield client


@pytest.fixture
def filled(client: Client) -> Client:
    """The device has ROWS rows of `level`, and a text in the first half."""
    with client.writer() as writer:
        texts = [f"row {row}" if row < ROWS // 2 else None for row in range(ROWS)]
        writer.add_columns(T0 + 1_000 * np.arange(ROWS), {"level": np.arange(ROWS) / 2, "text": texts})
    return client


def own_id(client: Client) -> int:
    return int(client.read().device_ids[0])


def test_newest_values_have_their_times(filled: Client) -> None:
    latest = filled.latest(own_id(filled))
    assert latest.values == {"level": (ROWS - 1) / 2, "text": f"row {ROWS // 2 - 1}"}
    assert latest.timestamp == T0 + 1_000 * (ROWS - 1) == latest.times["level"]


def test_a_range_comes_in_pages_in_order(filled: Client) -> None:
    found = list(filled.range(own_id(filled), T0, T0 + 1_000 * ROWS, page_size=1_000))
    assert [len(page) for page in found] == [1_000, 1_000, 500]
    assert [row["level"] for page in found for row in page] == [row / 2 for row in range(ROWS)]


def test_aggregates_are_those_of_the_server(filled: Client) -> None:
    start = T0 + 40_000
    windows = filled.aggregate(own_id(filled), start, start + 60_000, window="1m", aggregation=["count", "min"])
    assert [window["level"] for window in windows] == [{"count": 60, "min": 20.0}]


def test_columns_have_every_value(filled: Client) -> None:
    columns = filled.read(start=T0, end=T0 + 1_000 * ROWS)
    assert columns.times.tolist() == list(range(T0, T0 + 1_000 * ROWS, 1_000))
    assert columns.columns["level"].tolist() == [row / 2 for row in range(ROWS)]
    assert columns.columns["text"].tolist()[-1] is None
    assert columns.to_pandas()["level"].sum() == sum(row / 2 for row in range(ROWS))


def test_a_subscription_begins_with_stored_readings_and_goes_on(filled: Client) -> None:
    parts = filled.subscribe(since=T0 + 1_000 * (ROWS - 1))
    assert next(parts).times.tolist() == [T0 + 1_000 * (ROWS - 1)]
    with filled.writer() as writer:
        writer.add({"level": 7.5}, T0 + 1_000 * ROWS)
    assert next(parts).columns["level"].tolist() == [7.5]


def test_errors_name_the_field(filled: Client) -> None:
    with pytest.raises(ServerError) as raised:
        list(filled.range(own_id(filled), T0, page_size=100_000))
    assert raised.value.field == "page_size"
    assert not raised.value.retryable


def test_a_rotated_key_is_saved_before_it_is_used(client: Client) -> None:
    saved = list[str]()
    key = client.rotate(saved.append)
    assert saved == [key]
    assert client.heartbeat() > T0


def test_a_key_that_could_not_be_saved_is_not_used(client: Client) -> None:
    def fail(_key: str) -> None:
        raise OSError("The disk is full.")

    with pytest.raises(OSError, match="full"):
        client.rotate(fail)
    assert client.heartbeat() > T0
    client.rotate(lambda _: None)
    assert client.heartbeat() > T0


@pytest.fixture
def admin(running: tuple[str, Path]) -> Iterator[Client]:
    """A client with the token of the admin."""
    address, folder = running
    with Client(address, token=(folder / "admin-token").read_text().strip()) as client:
        yield client


def test_lists_come_in_pages(admin: Client, client: Client, request: pytest.FixtureRequest) -> None:
    with Client(admin.target) as other:
        other.register("another one")
    found = list(admin.pages(FleetServiceStub, "ListDevices", ListDevicesRequest(page_size=1), ListDevicesResponse))
    assert all(len(page.devices) <= 1 for page in found)
    assert {request.node.name, "another one"} <= {device.name for page in found for device in page.devices}
    assert client.heartbeat() > T0


def test_a_command_is_handled_and_its_result_stored(admin: Client, client: Client) -> None:
    def handle(command: Command) -> dict[str, object]:
        if command.name == "fail":
            raise ValueError("It does not work.")
        return {"done": command.parameters}

    with client.writer() as writer:
        writer.add({"level": 1.0})
    client.start_commands(handle)
    found = [_sent(admin, own_id(client), name) for name in ("blink", "fail")]
    assert [(state, result) for state, result in found] == [
        ("succeeded", {"done": {"times": 3}}),
        ("failed", {"error": "It does not work."}),
    ]


def _sent(admin: Client, device_id: int, name: str) -> tuple[str, dict[str, object]]:
    """The state and the result of a command, once it has ended."""
    request = SendCommandRequest(device_id=device_id, name=name, wait_seconds=30)
    request.parameters.update({"times": 3})
    answer = admin.call(CommandServiceStub, "SendCommand", request, SendCommandResponse)
    return answer.command.state, json_format.MessageToDict(answer.command.result)


def test_an_exception_ends_a_writer_without_a_wait() -> None:
    # The server is out of reach, so nothing is ever acknowledged.
    with Client("127.0.0.1:1") as client:
        with pytest.raises(ZeroDivisionError), client.writer() as writer:
            writer.add({"temperature": 21.5})
            raise ZeroDivisionError
        with pytest.raises(RuntimeError, match="not open"):
            writer.add({"temperature": 21.5})
