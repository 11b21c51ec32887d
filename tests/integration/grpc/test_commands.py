"""Commands and their results over the real server."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.json_format import MessageToDict

from iotflow.v1 import command_service_pb2, device_service_pb2, fleet_service_pb2
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.gateway_service_pb2_grpc import GatewayServiceStub
from tests.integration.grpc.command_streams import PATIENCE, Admin, Stream, of_device, of_gateway
from tests.integration.grpc.conftest import ServerThread, register, settings
from tests.integration.grpc.device import Caller, fields, reason
from tests.integration.grpc.gateway_calls import configs, until_caught_up
from tests.support.admin_stubs import AdminStubs
from tests.support.postgres import postgres_server


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server_settings(request: pytest.FixtureRequest) -> Iterator[dict[str, object]]:
    """Both kinds of registry: PostgreSQL has several concurrent writers."""
    if request.param == "sqlite":
        yield {}
        return
    with postgres_server() as server:
        yield {"database_url": server.create_database()}


def polled(stub: DeviceServiceStub, device: Caller) -> list[int]:
    answer = stub.PollCommands(device_service_pb2.PollCommandsRequest(), metadata=device.metadata)
    return [command.id for command in answer.commands]


def is_open(stream: Stream, admin_calls: Admin, device: Caller) -> None:
    """Wait until the stream has queried the queued commands; it receives later ones at once."""
    sent = admin_calls.send(device.id, "are you there")
    assert stream.next().id == sent.id
    assert stream.answer(sent.id, "succeeded").reason == ""


def test_an_admin_waits_for_the_result_of_the_device(
    admin_calls: Admin, devices: DeviceServiceStub, device: Caller
) -> None:
    with of_device(devices, device) as stream, ThreadPoolExecutor() as threads:
        waiting = threads.submit(
            admin_calls.send, device.id, "blink", wait_seconds=20, parameters={"times": 3}, time_to_live_seconds=60
        )
        command = stream.next()
        assert (command.name, command.state, MessageToDict(command.parameters)) == ("blink", "delivered", {"times": 3})
        receipt = stream.answer(command.id, "succeeded", result={"blinked": 3})
        assert (receipt.command_id, receipt.state, receipt.reason) == (command.id, "succeeded", "")
        ended = waiting.result(PATIENCE)
    assert (ended.id, ended.state, MessageToDict(ended.result)) == (command.id, "succeeded", {"blinked": 3})
    assert ended.created_at.ToNanoseconds() <= ended.delivered_at.ToNanoseconds() <= ended.finished_at.ToNanoseconds()


def test_an_admin_waits_no_longer_than_requested(admin_calls: Admin, device: Caller) -> None:
    began = time.monotonic()
    assert admin_calls.send(device.id, "blink", wait_seconds=0.2).state == "queued"
    assert time.monotonic() - began >= 0.2


def test_a_reconnected_device_receives_queued_commands_in_order(
    admin_calls: Admin, devices: DeviceServiceStub, device: Caller
) -> None:
    sent = [admin_calls.send(device.id, f"c{number}").id for number in range(5)]
    admin_calls.cancel(sent[2])
    with of_device(devices, device) as stream:
        received = [stream.next().id for _ in range(4)]
        later = admin_calls.send(device.id, "later").id
        received.append(stream.next().id)
    assert received == [*sent[:2], *sent[3:], later]


def test_an_unanswered_command_is_delivered_again_with_the_same_id(
    admin_calls: Admin, devices: DeviceServiceStub, device: Caller
) -> None:
    first, second = [admin_calls.send(device.id, name).id for name in ("first", "second")]
    with of_device(devices, device) as stream:
        assert [stream.next().id, stream.next().id] == [first, second]
        assert stream.answer(first, "succeeded").reason == ""
    with of_device(devices, device) as stream:
        assert stream.next().id == second
        assert admin_calls.get(second).state == "delivered"
        assert stream.answer(second, "failed", result={"why": "tired"}).reason == ""
    assert admin_calls.get(second).state == "failed"


def test_all_streams_and_polls_of_a_device_receive_a_command(
    admin_calls: Admin, devices: DeviceServiceStub, device: Caller
) -> None:
    with of_device(devices, device) as one, of_device(devices, device) as other:
        for stream in (one, other):
            sent = admin_calls.send(device.id, "x").id
            assert one.next().id == other.next().id == sent
            assert polled(devices, device) == [sent]
            assert stream.answer(sent, "succeeded").reason == ""
    assert polled(devices, device) == []


def test_invalid_reports_are_rejected_and_the_stream_continues(
    admin_calls: Admin, devices: DeviceServiceStub, device: Caller
) -> None:
    others = admin_calls.send(register(devices, "not mine").id, "x").id
    command = admin_calls.send(device.id, "x").id
    with of_device(devices, device) as stream:
        assert stream.next().id == command
        assert stream.answer(others, "succeeded").reason == "COMMAND_NOT_FOUND"
        assert stream.answer(command, "nearly").reason == "INVALID_ARGUMENT"
        for _ in range(2):
            assert stream.answer(command, "succeeded").reason == ""
        assert stream.answer(command, "failed").reason == "COMMAND_ENDED"
        is_open(stream, admin_calls, device)


def test_a_stream_stays_open_after_its_device_closed_its_side(
    admin_calls: Admin, devices: DeviceServiceStub, device: Caller
) -> None:
    call = devices.StreamCommands(iter(()), metadata=device.metadata, timeout=PATIENCE)
    for _ in range(2):
        sent = admin_calls.send(device.id, "x")
        assert next(call).command.id == sent.id
    call.cancel()


def test_a_command_expires_without_a_query(admin_calls: Admin, devices: DeviceServiceStub, device: Caller) -> None:
    # Without the expiry, the call would end with DEADLINE_EXCEEDED.
    command = admin_calls.send(device.id, "open", time_to_live_seconds=1, wait_seconds=PATIENCE + 10)
    assert command.state == "expired"
    assert polled(devices, device) == []


def test_a_waiting_admin_is_notified_of_a_cancellation(admin_calls: Admin, device: Caller) -> None:
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(admin_calls.send, device.id, "x", wait_seconds=20, idempotency_key="k")
        command = admin_calls.send(device.id, "x", idempotency_key="k")
        admin_calls.cancel(command.id)
        assert waiting.result(PATIENCE).state == "cancelled"
        assert waiting.result().id == command.id


def test_simultaneous_requests_with_one_idempotency_key_create_one_command(
    admin_calls: Admin, devices: DeviceServiceStub, device: Caller
) -> None:
    with of_device(devices, device) as stream, ThreadPoolExecutor(16) as threads:
        sent = list(threads.map(lambda _: admin_calls.send(device.id, "x", idempotency_key="once").id, range(48)))
        assert len(set(sent)) == 1
        assert stream.next().id == sent[0]
        assert stream.answer(sent[0], "succeeded").reason == ""
        is_open(stream, admin_calls, device)


def test_each_device_of_a_group_receives_and_answers_its_own_command(
    admin_calls: Admin, devices: DeviceServiceStub
) -> None:
    lamps = [register(devices, f"lamp {number}", "lamp") for number in range(3)]
    request = command_service_pb2.SendGroupCommandRequest(group="lamp", name="on", idempotency_key="evening")
    with of_device(devices, lamps[0]) as stream:
        is_open(stream, admin_calls, lamps[0])
        answer = admin_calls.stub.commands.SendGroupCommand(request, metadata=admin_calls.metadata)
        again = admin_calls.stub.commands.SendGroupCommand(request, metadata=admin_calls.metadata)
        assert (answer.commands_made, answer.commands_found) == (3, 0)
        assert (again.commands_made, again.commands_found) == (0, 3)
        assert stream.next().name == "on"
    assert [len(polled(devices, lamp)) for lamp in lamps] == [1, 1, 1]


def test_a_watch_returns_each_state(admin_calls: Admin, devices: DeviceServiceStub, device: Caller) -> None:
    request = command_service_pb2.WatchCommandsRequest(device_id=device.id)
    call = admin_calls.stub.commands.WatchCommands(request, metadata=admin_calls.metadata, timeout=PATIENCE)
    assert next(call).HasField("heartbeat")
    sent = admin_calls.send(device.id, "x")
    admin_calls.send(register(devices, "of no interest").id, "x")
    polled(devices, device)
    ack = device_service_pb2.AckCommandRequest(command_id=sent.id)
    devices.AckCommand(ack, metadata=device.metadata)
    states = []
    while "succeeded" not in states:
        event = next(call)
        if event.HasField("command"):
            assert event.command.id == sent.id
            states.append(event.command.state)
    call.cancel()
    assert states == ["queued", "delivered", "succeeded"]


def test_commands_have_pages(admin_calls: Admin, device: Caller) -> None:
    sent = [admin_calls.send(device.id, "x").id for _ in range(5)]
    admin_calls.cancel(sent[0])
    found, token = [], ""
    while True:
        request = command_service_pb2.ListCommandsRequest(
            device_id=device.id, state="queued", page_size=2, page_token=token
        )
        page = admin_calls.stub.commands.ListCommands(request, metadata=admin_calls.metadata)
        found += [command.id for command in page.commands]
        token = page.next_page_token
        if not token:
            break
    assert found == sent[:0:-1]


def test_streams_of_a_disabled_device_end(admin_calls: Admin, devices: DeviceServiceStub, device: Caller) -> None:
    with of_device(devices, device) as stream:
        is_open(stream, admin_calls, device)
        configs = devices.WatchConfig(
            device_service_pb2.WatchConfigRequest(), metadata=device.metadata, timeout=PATIENCE
        )
        assert next(configs).config.desired_version == 0
        request = fleet_service_pb2.SetDeviceStatusRequest(device_id=device.id, status="inactive")
        admin_calls.stub.fleet.SetDeviceStatus(request, metadata=admin_calls.metadata)
        for call in (stream.call, configs):
            with pytest.raises(grpc.RpcError) as refusal:
                next(call)
            assert reason(refusal.value) == "DEVICE_INACTIVE"


def test_too_large_commands_are_rejected_and_many_large_ones_are_delivered_in_parts(
    admin_calls: Admin, devices: DeviceServiceStub, device: Caller
) -> None:
    with pytest.raises(grpc.RpcError) as refusal:
        admin_calls.send(device.id, "x", parameters={"text": "x" * 70_000})
    assert (reason(refusal.value), fields(refusal.value)) == ("INVALID_ARGUMENT", ["parameters"])
    sent = [admin_calls.send(device.id, "x", parameters={"text": "x" * 60_000}).id for _ in range(40)]
    answered: list[int] = []
    listed: list[int] = []
    token = ""
    page: Any
    while page := polled(devices, device):
        assert len(page) < 40
        for command_id in page:
            ack = device_service_pb2.AckCommandRequest(command_id=command_id)
            devices.AckCommand(ack, metadata=device.metadata)
        answered += page
    assert answered == sent
    while token or not listed:
        request = command_service_pb2.ListCommandsRequest(device_id=device.id, page_token=token)
        page = admin_calls.stub.commands.ListCommands(request, metadata=admin_calls.metadata)
        listed += [command.id for command in page.commands]
        token = page.next_page_token
    assert listed == sent[::-1]
    ack = device_service_pb2.AckCommandRequest(command_id=admin_calls.send(device.id, "x").id)
    # The longer message is not even parsed.
    for length in (70_000, 1_000_000):
        ack.result.update({"text": "x" * length})
        with pytest.raises(grpc.RpcError) as refusal:
            devices.AckCommand(ack, metadata=device.metadata)
        assert (reason(refusal.value), fields(refusal.value)) == ("INVALID_ARGUMENT", ["result"])
    with of_device(devices, device) as stream:
        waiting = stream.next().id
        for length in (70_000, 1_000_000):
            receipt = stream.answer(waiting, "succeeded", result={"text": "x" * length})
            assert (receipt.command_id, receipt.state) == (waiting, "succeeded")
            assert (receipt.reason, receipt.retryable) == ("INVALID_ARGUMENT", False)
        assert stream.answer(waiting, "succeeded").reason == ""


def test_a_stream_polls_where_changes_are_not_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("commands.own_commands", "config.own_config", "gateway.configs"):
        monkeypatch.setattr(f"iotflow_server.rpc.{module}.POLL_SECONDS", 0.2)
    monkeypatch.setattr("iotflow_server.rpc.gateway.commands.LEASE_POLL_SECONDS", 0.2)
    # Without Redis servers do not receive the changes of each other.
    one, other = ServerThread(settings(tmp_path)), ServerThread(settings(tmp_path))
    token = (tmp_path / "admin-token").read_text().strip()
    with (
        grpc.insecure_channel(f"127.0.0.1:{one.port}") as here,
        grpc.insecure_channel(f"127.0.0.1:{other.port}") as there,
    ):
        elsewhere = Admin(AdminStubs(there), (("authorization", f"Bearer {token}"),))
        adapter = elsewhere.gateway("adapter")
        stub, gateway = DeviceServiceStub(here), GatewayServiceStub(here)
        device, silent = register(stub, "listens"), register(stub, "silent")
        own = stub.WatchConfig(device_service_pb2.WatchConfigRequest(), metadata=device.metadata, timeout=PATIENCE)
        with (
            of_device(stub, device) as stream,
            of_gateway(gateway, adapter) as of_all,
            configs(gateway, adapter) as call,
        ):
            assert next(own).config.desired_version == 0
            until_caught_up(call)
            sent = elsewhere.send(device.id, "x").id
            assert stream.next().id == sent
            second = elsewhere.send(silent.id, "x").id
            while of_all.next().command.id != second:
                pass
            elsewhere.configure(device.id, a=1)
            assert next(own).config.desired_version == 1
            while not (message := next(call)).HasField("config"):
                pass
            assert (message.config.device_id, message.config.desired_version) == (device.id, 1)
        own.cancel()
    other.stop()
    one.stop()
