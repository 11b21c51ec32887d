"""GetDevice has the desired configuration of a device once there is one, and the number of its readings."""

from google.protobuf.json_format import MessageToDict

from iotflow.v1.fleet_service_pb2 import GetDeviceRequest
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from tests.integration.grpc.command_streams import Admin
from tests.integration.grpc.device import Caller, batch, stream


def test_a_device_has_a_desired_configuration_from_the_first_version_on(
    admin_calls: Admin, device: Caller, grpc_stub: TelemetryServiceStub
) -> None:
    request = GetDeviceRequest(device_id=device.id)
    before = admin_calls.stub.fleet.GetDevice(request, metadata=admin_calls.metadata)
    assert (before.desired_version, before.HasField("desired"), before.telemetry_count) == (0, False, 0)
    admin_calls.configure(device.id, interval=8)
    stream(grpc_stub, device, [batch(1)])
    after = admin_calls.stub.fleet.GetDevice(request, metadata=admin_calls.metadata)
    assert (after.desired_version, MessageToDict(after.desired)) == (1, {"interval": 8})
    assert after.telemetry_count > 0
