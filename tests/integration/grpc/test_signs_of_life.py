"""Which calls of a device are signs of life."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from google.api.httpbody_pb2 import HttpBody
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.struct_pb2 import Value

from iotflow.contract import methods, path
from iotflow.v1 import device_pb2, device_service_pb2, fleet_service_pb2
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.words import Role
from iotflow_server.auth.permissions import permissions
from tests.integration.grpc.command_streams import Admin, of_device
from tests.integration.grpc.device import T0, Caller, batch

PATIENCE = 20.0
DEVICE_METHODS = {
    method.name: method
    for method in methods()
    if Role.DEVICE in (permissions(public_reads=False, public_diagnostics=False)[path(method)] or ())
}


class Call(NamedTuple):
    """fields: those of a valid request, from the device and a command for it. A stream of commands sends none."""

    fields: Callable[[int, int], dict[str, Any]]
    is_sign: bool


def nothing(_device_id: int, _command_id: int) -> dict[str, Any]:
    return {}


def own(device_id: int, _command_id: int) -> dict[str, Any]:
    return {"device_id": device_id}


def own_of_many(device_id: int, _command_id: int) -> dict[str, Any]:
    return {"device_ids": [device_id]}


def body(text: str) -> Callable[[int, int], dict[str, Any]]:
    return lambda *_: {"content_type": "application/json", "data": text.encode()}


CALLS = {
    "GetDeviceStatus": Call(nothing, True),
    "SendHeartbeat": Call(nothing, True),
    "GetDeviceConfig": Call(nothing, True),
    "UpdateDeviceConfig": Call(lambda *_: {"location": "hall"}, True),
    "UpdateDeviceConfigJson": Call(body('{"location": "hall"}'), True),
    "WatchConfig": Call(nothing, True),
    "StreamCommands": Call(nothing, True),
    "PollCommands": Call(nothing, True),
    "AckCommand": Call(lambda _, command: {"command_id": command}, True),
    "SubmitTelemetry": Call(lambda *_: {"data": {"m": 1}}, True),
    "SubmitTelemetryJson": Call(body('{"data": {"m": 1}}'), True),
    "SubmitReadings": Call(lambda *_: {"readings": [{"data": {"m": 1}}]}, True),
    "SubmitReadingsJson": Call(body('{"readings": [{"data": {"m": 1}}]}'), True),
    "SubmitMqttTelemetryJson": Call(
        lambda device, _: {"device_id": device, "body": HttpBody(data=b'{"data": {"m": 1}}')}, True
    ),
    "StreamTelemetry": Call(lambda *_: {name.name: value for name, value in batch(1).ListFields()}, True),
    "RotateApiKey": Call(nothing, False),
    "RotateApiKeyJson": Call(nothing, False),
    "EndKeyGrace": Call(nothing, False),
    "GetMqttCredentials": Call(nothing, False),
    "GetTelemetry": Call(own, False),
    "GetLatestTelemetry": Call(own, False),
    "ListLatestTelemetry": Call(own_of_many, False),
    "AggregateTelemetry": Call(own, False),
    "GetTelemetryRange": Call(lambda device, _: {"device_id": device, "start_time": "0", "end_time": str(T0)}, False),
    "ReadTelemetry": Call(own_of_many, False),
    "ExportTelemetry": Call(own_of_many, False),
    "SubscribeTelemetry": Call(own_of_many, False),
}
# Open to callers that are no devices, and the end of the device.
OTHERS = {"RegisterDevice", "UnregisterDevice"}


@pytest.fixture(scope="module")
def server_settings() -> dict[str, object]:
    return {"heartbeat_seconds": 0.1}


def test_every_call_of_a_device_is_tested() -> None:
    assert DEVICE_METHODS.keys() == CALLS.keys() | OTHERS


def answered(channel: Any, method: MethodDescriptor, request: Any, metadata: Any) -> None:
    """Call, and wait for the first response."""
    kind = f"{'stream' if method.client_streaming else 'unary'}_{'stream' if method.server_streaming else 'unary'}"
    sent = iter([request] if request.ListFields() else ()) if method.client_streaming else request
    invoke = getattr(channel, kind)(path(method), request_serializer=lambda message: message.SerializeToString())
    call = invoke(sent, metadata=metadata, timeout=PATIENCE)
    if method.server_streaming:
        next(call, None)
        call.cancel()


@pytest.mark.parametrize("name", CALLS)
def test_a_call_is_a_sign_of_life_or_not(grpc_channel: Any, admin_calls: Admin, device: Caller, name: str) -> None:
    method, call = DEVICE_METHODS[name], CALLS[name]
    command = admin_calls.send(device.id, "blink")
    request = GetMessageClass(method.input_type)(**call.fields(device.id, command.id))
    answered(grpc_channel, method, request, device.metadata)
    assert shown(admin_calls, device).HasField("last_seen") is call.is_sign


def test_a_result_on_an_open_stream_is_a_sign_of_life(
    devices: DeviceServiceStub, admin_calls: Admin, device: Caller
) -> None:
    command = admin_calls.send(device.id, "blink")
    with of_device(devices, device) as stream:
        assert stream.next().id == command.id
        opened = shown(admin_calls, device).last_seen.ToDatetime()
        stream.answer(command.id, "succeeded")
        assert shown(admin_calls, device).last_seen.ToDatetime() > opened


def test_a_heartbeat_that_reports_the_end_makes_the_device_offline(
    devices: DeviceServiceStub, admin_calls: Admin, device: Caller
) -> None:
    for status, is_online in (("alive", True), ("Offline", False), ("", True)):
        request = device_service_pb2.SendHeartbeatRequest(status=Value(string_value=status))
        devices.SendHeartbeat(request, metadata=device.metadata)
        assert shown(admin_calls, device).is_online is is_online


def shown(admin_calls: Admin, device: Caller) -> device_pb2.Device:
    """The device as an admin sees it."""
    request = fleet_service_pb2.GetDeviceRequest(device_id=device.id)
    found: device_pb2.Device = admin_calls.stub.fleet.GetDevice(request, metadata=admin_calls.metadata).device
    return found
