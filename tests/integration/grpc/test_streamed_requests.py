"""A message of a stream without a required field is rejected by the name of the field, and the stream continues.

An import continues after an invalid device, but not after an invalid message.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import grpc
import pytest
from google.api.field_behavior_pb2 import FieldBehavior, field_behavior
from google.protobuf.descriptor import Descriptor

from iotflow.contract import methods
from iotflow.v1.device_service_pb2 import RegisterDeviceRequest, StreamCommandsRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.fleet_service_pb2 import ImportDevicesRequest
from iotflow.v1.fleet_service_pb2_grpc import FleetServiceStub
from iotflow.v1.gateway_service_pb2 import StreamDeviceCommandsRequest
from iotflow.v1.gateway_service_pb2_grpc import GatewayServiceStub
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.integration.grpc.command_streams import Metadata
from tests.integration.grpc.device import Caller, batch

PATIENCE = 30.0
STUBS = {
    "StreamTelemetry": TelemetryServiceStub,
    "StreamCommands": DeviceServiceStub,
    "StreamDeviceCommands": GatewayServiceStub,
    "ImportDevices": FleetServiceStub,
}
COMPLETE: dict[str, Any] = {
    "StreamTelemetry": batch(1, rows=1),
    "StreamCommands": StreamCommandsRequest(command_id=1, state="succeeded"),
    "StreamDeviceCommands": StreamDeviceCommandsRequest(command_id=1, device_id=1, state="succeeded"),
    "ImportDevices": ImportDevicesRequest(
        import_id="11111111-2222-4333-8444-555555555555",
        sequence=1,
        devices=[RegisterDeviceRequest(name="streamed request")],
    ),
}


def required(message: Descriptor, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of the required fields of a message, and of required messages within it."""
    for field in message.fields:
        if FieldBehavior.REQUIRED in field.GetOptions().Extensions[field_behavior]:
            yield (*above, field.name)
            if field.message_type:
                yield from required(field.message_type, (*above, field.name))


def without(name: str, path: tuple[str, ...]) -> Any:
    """The complete message of a method, except for one field."""
    message = place = deepcopy(COMPLETE[name])
    for step in path[:-1]:
        (place,) = getattr(place, step)
    place.ClearField(path[-1])
    return message


CASES = [(method.name, path) for method in methods() if method.client_streaming for path in required(method.input_type)]


def test_every_method_that_receives_a_stream_is_examined() -> None:
    assert {name for name, _ in CASES} == set(STUBS) == {method.name for method in methods() if method.client_streaming}


@pytest.mark.parametrize("path", [path for name, path in CASES if name == "StreamTelemetry"], ids=".".join)
def test_a_batch_without_a_required_field_is_rejected(
    grpc_channel: grpc.Channel, device: Caller, path: tuple[str, ...]
) -> None:
    messages = iter([without("StreamTelemetry", path), batch(2, rows=1)])
    answers = list(
        TelemetryServiceStub(grpc_channel).StreamTelemetry(messages, metadata=device.metadata, timeout=PATIENCE)
    )
    (rejected,) = [item for answer in answers for item in answer.rejected]
    if path[-1] == "measurement":
        assert rejected.reason == "INVALID_NAME"
    else:
        assert (rejected.reason, rejected.message.partition(":")[0]) == ("INVALID_ARGUMENT", ".".join(path))
    assert answers[-1].committed_sequence == 2


@pytest.mark.parametrize(
    ("name", "path"), [case for case in CASES if case[0] in ("StreamCommands", "StreamDeviceCommands")], ids=str
)
def test_a_report_without_a_required_field_is_rejected(
    grpc_channel: grpc.Channel, device: Caller, admin_metadata: Metadata, name: str, path: tuple[str, ...]
) -> None:
    metadata = admin_metadata if name == "StreamDeviceCommands" else device.metadata
    messages = iter([without(name, path), COMPLETE[name]])
    call = getattr(STUBS[name](grpc_channel), name)(messages, metadata=metadata, timeout=PATIENCE)
    first, second = next(call).receipt, next(call).receipt
    assert (first.reason, first.message.split()[0]) == ("INVALID_ARGUMENT", ".".join(path))
    assert second.reason == "COMMAND_NOT_FOUND"
    call.cancel()


@pytest.mark.parametrize("path", [path for name, path in CASES if name == "ImportDevices"], ids=".".join)
def test_an_import_without_a_required_field_is_rejected(
    grpc_channel: grpc.Channel, admin_metadata: Metadata, path: tuple[str, ...]
) -> None:
    messages = iter([without("ImportDevices", path)])
    call = FleetServiceStub(grpc_channel).ImportDevices(messages, metadata=admin_metadata, timeout=PATIENCE)
    if path[0] == "devices" and path[1:]:
        (rejected,) = next(call).rejected
        assert (rejected.reason, rejected.message.split()[0]) == ("INVALID_ARGUMENT", path[-1])
        assert next(call, None) is None
    else:
        with pytest.raises(grpc.RpcError) as raised:
            next(call)
        assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert (raised.value.details() or "").split()[0].rstrip(":") == path[-1]
