"""Calls of gateways for their devices over the real server: commands, configurations, presence."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import grpc
import pytest
from google.protobuf.json_format import MessageToDict

from iotflow.v1 import (
    command_service_pb2,
    device_service_pb2,
    gateway_service_pb2,
    presence_pb2,
)
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.gateway_service_pb2_grpc import GatewayServiceStub
from tests.integration.grpc.command_streams import PATIENCE, Admin, Metadata, Stream, of_gateway
from tests.integration.grpc.conftest import register
from tests.integration.grpc.device import Caller, reason
from tests.integration.grpc.gateway_calls import configs, is_online, report, take, until_caught_up
from tests.support.postgres import postgres_server


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server_settings(request: pytest.FixtureRequest) -> Iterator[dict[str, object]]:
    """Both kinds of registry: PostgreSQL has several concurrent writers."""
    if request.param == "sqlite":
        yield {}
        return
    with postgres_server() as server:
        yield {"database_url": server.create_database()}


@pytest.fixture
def adapter(admin_calls: Admin, request: pytest.FixtureRequest) -> Metadata:
    return admin_calls.gateway(request.node.nodeid[-90:])


@pytest.fixture(autouse=True)
def nothing_waits(admin_calls: Admin) -> None:
    """Cancel all queued commands: a gateway would receive those of other tests."""
    request = command_service_pb2.ListCommandsRequest(state="queued", page_size=1_000)
    for command in admin_calls.stub.commands.ListCommands(request, metadata=admin_calls.metadata).commands:
        admin_calls.cancel(command.id)


@pytest.fixture
def gateway_stream(gateway: GatewayServiceStub, adapter: Metadata) -> Iterator[Stream]:
    with of_gateway(gateway, adapter) as stream:
        yield stream


def test_a_command_stays_queued_until_it_was_delivered(
    admin_calls: Admin, gateway_stream: Stream, device: Caller
) -> None:
    sent = admin_calls.send(device.id, "x", parameters={"n": 1})
    offered = gateway_stream.next()
    assert (offered.command.id, offered.command.device_id, offered.device_type) == (sent.id, device.id, "probe")
    assert MessageToDict(offered.command.parameters) == {"n": 1}
    assert admin_calls.get(sent.id).state == "queued"
    assert gateway_stream.answer(sent.id, "delivered", device_id=device.id).reason == ""
    assert admin_calls.get(sent.id).state == "delivered"
    assert gateway_stream.answer(sent.id, "succeeded", device_id=device.id, result={"ok": True}).reason == ""
    ended = admin_calls.get(sent.id)
    assert (ended.state, MessageToDict(ended.result)) == ("succeeded", {"ok": True})


def test_unanswered_commands_go_to_another_gateway_when_the_first_disconnects(
    admin_calls: Admin, gateway: GatewayServiceStub, adapter: Metadata, device: Caller
) -> None:
    with of_gateway(gateway, adapter) as one:
        first = admin_calls.send(device.id, "first").id
        assert one.next().command.id == first
        with of_gateway(gateway, adapter) as other:
            second = admin_calls.send(device.id, "second").id
            # It follows a command of the same device that the other gateway has.
            assert one.next().command.id == second
            assert one.answer(first, "delivered", device_id=device.id).reason == ""
            one.close()
            assert other.next().command.id == second
            assert other.answer(second, "delivered", device_id=device.id).reason == ""
    with of_gateway(gateway, adapter) as third:
        last = admin_calls.send(device.id, "last").id
        assert third.next().command.id == last


def test_two_gateways_share_the_commands_without_overlap(
    admin_calls: Admin, gateway: GatewayServiceStub, adapter: Metadata, devices: DeviceServiceStub
) -> None:
    members = [register(devices, f"shared {number}", "shared") for number in range(40)]
    with of_gateway(gateway, adapter) as one, of_gateway(gateway, adapter) as other, ThreadPoolExecutor() as threads:
        received: list[list[int]] = [[], []]
        takers = [threads.submit(take, stream, found) for stream, found in zip((one, other), received, strict=True)]
        sent = [admin_calls.send(member.id, "x").id for member in members for _ in range(3)]
        for command_id in sent:
            admin_calls.until(command_id, "delivered")
        one.close()
        other.close()
        for taker in takers:
            taker.result(PATIENCE)
    assert sorted(received[0] + received[1]) == sent


def test_an_unreachable_device_receives_its_command_when_it_is_back(
    admin_calls: Admin, gateway: GatewayServiceStub, adapter: Metadata, gateway_stream: Stream, device: Caller
) -> None:
    sent = admin_calls.send(device.id, "x").id
    assert gateway_stream.next().command.id == sent
    assert gateway_stream.answer(sent, "unreachable", device_id=device.id).reason == ""
    assert admin_calls.get(sent).state == "queued"
    assert report(gateway, adapter, (device.id, "online")).accepted == 1
    assert gateway_stream.next().command.id == sent


def test_a_device_that_reconnects_before_the_failed_delivery_is_reported_receives_its_command_at_once(
    admin_calls: Admin, gateway: GatewayServiceStub, adapter: Metadata, gateway_stream: Stream, device: Caller
) -> None:
    """In either order of the two reports of its gateway."""
    sent = [admin_calls.send(device.id, "x").id for _ in range(2)]
    assert [gateway_stream.next().command.id for _ in sent] == sent
    assert report(gateway, adapter, (device.id, "online")).accepted == 1
    for command_id in sent:
        gateway_stream.put(command_id, "unreachable", device_id=device.id)
    offered = (message.command.command.id for message in gateway_stream.call if message.HasField("command"))
    assert [next(offered) for _ in sent] == sent


def test_rejected_reports_do_not_end_the_stream(admin_calls: Admin, gateway_stream: Stream, device: Caller) -> None:
    sent = admin_calls.send(device.id, "x").id
    assert gateway_stream.next().command.id == sent
    for state in ("delivered", "unreachable", "succeeded"):
        assert gateway_stream.answer(sent, state, device_id=device.id + 1_000).reason == "COMMAND_NOT_FOUND"
    assert gateway_stream.answer(sent, "queued", device_id=device.id).reason == "INVALID_ARGUMENT"
    admin_calls.cancel(sent)
    assert gateway_stream.answer(sent, "succeeded", device_id=device.id).reason == "COMMAND_ENDED"
    # The device had received it nevertheless.
    assert gateway_stream.answer(sent, "delivered", device_id=device.id).reason == ""
    assert gateway_stream.answer(sent, "succeeded", device_id=device.id).reason == ""
    assert admin_calls.get(sent).state == "succeeded"


def test_a_result_can_be_reported_without_a_stream(
    admin_calls: Admin, gateway: GatewayServiceStub, adapter: Metadata, device: Caller
) -> None:
    sent = admin_calls.send(device.id, "x").id
    for state in ("delivered", "failed"):
        request = gateway_service_pb2.AckDeviceCommandRequest(device_id=device.id, command_id=sent, state=state)
        assert gateway.AckDeviceCommand(request, metadata=adapter).command.state == state


def test_a_result_for_a_group_command_is_that_of_the_device(
    admin_calls: Admin, gateway: GatewayServiceStub, adapter: Metadata, devices: DeviceServiceStub
) -> None:
    members = [register(devices, f"of a group {number}", "grouped") for number in range(3)]
    stub, metadata = admin_calls.stub.commands, admin_calls.metadata
    sent = [
        stub.SendGroupCommand(
            command_service_pb2.SendGroupCommandRequest(group="grouped", name=name), metadata=metadata
        ).group_command
        for name in ("first", "second")
    ]
    for member in reversed(members):
        for group_command, name in zip(reversed(sent), ("second", "first"), strict=True):
            request = gateway_service_pb2.AckDeviceCommandRequest(
                device_id=member.id, group_command=group_command, state="succeeded"
            )
            command = gateway.AckDeviceCommand(request, metadata=adapter).command
            assert (command.device_id, command.name, command.state) == (member.id, name, "succeeded")


def test_a_watch_returns_configurations_and_their_changes(
    admin_calls: Admin, gateway: GatewayServiceStub, adapter: Metadata, devices: DeviceServiceStub
) -> None:
    one, other = register(devices, "configured"), register(devices, "configured, too")
    admin_calls.configure(one.id, interval=5)
    admin_calls.configure(one.id, interval=6)
    admin_calls.configure(other.id, interval=7)
    with configs(gateway, adapter) as call:
        found, mark = until_caught_up(call)
        assert {one.id: 2, other.id: 1}.items() <= found.items()
        admin_calls.configure(other.id, interval=8)
        config = next(call).config
        assert (config.device_id, config.device_name, config.desired_version) == (other.id, "configured, too", 2)
        assert MessageToDict(config.desired) == {"interval": 8}
    with configs(gateway, adapter, since=mark.isoformat()) as call:
        assert until_caught_up(call)[0][other.id] == 2
    with configs(gateway, adapter, since="now") as call:
        assert until_caught_up(call)[0] == {}


def test_a_device_watches_its_own_configuration(admin_calls: Admin, devices: DeviceServiceStub, device: Caller) -> None:
    call = devices.WatchConfig(device_service_pb2.WatchConfigRequest(), metadata=device.metadata, timeout=PATIENCE)
    first = next(call)
    assert (first.config.desired_version, first.config.HasField("desired")) == (0, False)
    admin_calls.configure(register(devices, "of another device").id, a=1)
    for version in (1, 2):
        admin_calls.configure(device.id, a=version)
        change = next(call)
        assert (change.config.desired_version, MessageToDict(change.config.desired)) == (version, {"a": version})
    call.cancel()


def test_a_gateway_reports_the_configuration_of_a_device(
    gateway: GatewayServiceStub, adapter: Metadata, device: Caller
) -> None:
    request = gateway_service_pb2.ReportDeviceConfigRequest(device_id=device.id)
    request.config.configuration.update({"a": 1})
    answer = gateway.ReportDeviceConfig(request, metadata=adapter).config.device
    assert (answer.id, MessageToDict(answer.configuration), answer.is_online) == (device.id, {"a": 1}, True)
    with pytest.raises(grpc.RpcError) as refusal:
        request.config.Clear()
        gateway.ReportDeviceConfig(request, metadata=adapter)
    assert reason(refusal.value) == "INVALID_ARGUMENT"


def test_sessions_set_the_presence_of_devices(
    admin_calls: Admin, gateway: GatewayServiceStub, adapter: Metadata, device: Caller
) -> None:
    assert not is_online(admin_calls, device)
    for state, expected in (("online", True), ("offline", False), ("heartbeat", True), ("offline", False)):
        assert report(gateway, adapter, (device.id, state)).accepted == 1
        assert is_online(admin_calls, device) is expected, state


def test_an_older_report_changes_nothing(
    admin_calls: Admin, gateway: GatewayServiceStub, adapter: Metadata, device: Caller
) -> None:
    report(gateway, adapter, (device.id, "online"))
    old = presence_pb2.PresenceReport(device_id=device.id, state="offline")
    old.timestamp.FromDatetime(datetime.now(UTC) - timedelta(seconds=10))
    gateway.ReportPresence(gateway_service_pb2.ReportPresenceRequest(reports=[old]), metadata=adapter)
    assert is_online(admin_calls, device)


def test_ignored_reports_are_named(gateway: GatewayServiceStub, adapter: Metadata, device: Caller) -> None:
    answer = report(gateway, adapter, (999_999, "online"), (device.id, "heartbeat"))
    assert answer.accepted == 1
    assert [(item.index, item.device_id, item.reason) for item in answer.rejected] == [(0, 999_999, "DEVICE_NOT_FOUND")]


def test_a_report_with_an_invalid_time_does_not_affect_others(
    gateway: GatewayServiceStub, adapter: Metadata, device: Caller
) -> None:
    request = gateway_service_pb2.ReportPresenceRequest()
    for seconds in (10**15, 1_700_000_000):
        late = request.reports.add(device_id=device.id, state="heartbeat")
        late.timestamp.seconds = seconds
    answer = gateway.ReportPresence(request, metadata=adapter)
    assert (answer.accepted, [(item.index, item.reason) for item in answer.rejected]) == (1, [(0, "INVALID_TIME")])


def test_devices_and_viewers_may_not_act_as_gateways(gateway: GatewayServiceStub, device: Caller) -> None:
    with pytest.raises(grpc.RpcError) as refusal:
        report(gateway, device.metadata, (device.id, "online"))
    assert reason(refusal.value) == "WRONG_ROLE"
