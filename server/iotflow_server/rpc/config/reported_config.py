"""UpdateDeviceConfig: stores the state that a device or its gateway reports."""

from google.api.httpbody_pb2 import HttpBody

from iotflow.v1 import device_service_pb2
from iotflow_server.devices.registry import Registry
from iotflow_server.presence.last_seen import LastSeen
from iotflow_server.rpc.codec.encoding import build_in_thread
from iotflow_server.rpc.codec.wire_devices import DeviceEncoder
from iotflow_server.rpc.codec.wire_values import to_struct
from iotflow_server.rpc.config.reports import report_of

wire = device_service_pb2


class ReportedConfigHandler:
    """Serves UpdateDeviceConfig of the device, its form for REST, and ReportDeviceConfig of gateways."""

    def __init__(self, *, registry: Registry, last_seen: LastSeen, encoder: DeviceEncoder) -> None:
        self._registry = registry
        self._last_seen = last_seen
        self._encoder = encoder

    async def report(
        self, device_id: int, request: wire.UpdateDeviceConfigRequest | HttpBody
    ) -> wire.UpdateDeviceConfigResponse:
        """Store the reported state. Raises NotFound, InvalidArgument, Unavailable."""
        report = await report_of(request)
        device = await self._registry.report(device_id, report.changes())
        self._last_seen.record(device_id)
        response = wire.UpdateDeviceConfigResponse(
            message="Device configuration updated successfully",
            device=await self._encoder.device(device),
            config_key=report.key,
            data_type=report.texts.get("data_type", ""),
        )
        if report.key:
            value = await build_in_thread(lambda: to_struct({"value": report.value}), report.value)
            response.config_value.CopyFrom(value.fields["value"])
        return response
