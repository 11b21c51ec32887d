"""Calls of a gateway."""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import grpc

from iotflow.v1 import (
    fleet_service_pb2,
    gateway_service_pb2,
    presence_pb2,
)
from iotflow.v1.gateway_service_pb2_grpc import GatewayServiceStub
from tests.integration.grpc.command_streams import PATIENCE, Admin, Metadata, Stream
from tests.integration.grpc.device import Caller


def report(gateway: GatewayServiceStub, metadata: Metadata, *states: tuple[int, str]) -> Any:
    reports = [presence_pb2.PresenceReport(device_id=device_id, state=state) for device_id, state in states]
    return gateway.ReportPresence(gateway_service_pb2.ReportPresenceRequest(reports=reports), metadata=metadata)


def take(stream: Stream, received: list[int]) -> None:
    """Report each command as delivered until the stream ends."""
    with contextlib.suppress(grpc.RpcError):
        for message in stream.call:
            if message.HasField("command"):
                command = message.command.command
                received.append(command.id)
                stream.put(command.id, "delivered", device_id=command.device_id)


@contextmanager
def configs(gateway: GatewayServiceStub, metadata: Metadata, since: str = "") -> Iterator[Any]:
    request = gateway_service_pb2.WatchDeviceConfigsRequest(since=since)
    call = gateway.WatchDeviceConfigs(request, metadata=metadata, timeout=PATIENCE)
    yield call
    call.cancel()


def until_caught_up(call: Any) -> tuple[dict[int, int], datetime]:
    """Versions by device, and the position to continue from."""
    found: dict[int, int] = {}
    for message in call:
        if message.HasField("caught_up"):
            return found, message.caught_up.timestamp.ToDatetime(UTC)
        found[message.config.device_id] = message.config.desired_version
    raise AssertionError


def is_online(admin_calls: Admin, device: Caller) -> bool:
    answer = admin_calls.stub.fleet.GetDevice(
        fleet_service_pb2.GetDeviceRequest(device_id=device.id), metadata=admin_calls.metadata
    )
    listed = admin_calls.stub.fleet.ListDevices(
        fleet_service_pb2.ListDevicesRequest(online=True), metadata=admin_calls.metadata
    )
    assert (device.id in {one.id for one in listed.devices}) is answer.device.is_online
    return answer.device.is_online
