"""What a device reports of itself, whichever door it came by."""

from iotflow.v1 import device_service_pb2
from iotflow_server.devices.presence import Presence
from iotflow_server.devices.registry import Registry
from iotflow_server.rpc.configuration import changes, typed
from iotflow_server.rpc.wire_devices import DeviceEncoder
from iotflow_server.rpc.wire_values import to_struct

wire = device_service_pb2


class Reporting:
    """UpdateDeviceConfig, for the device itself and for a gateway."""

    def __init__(self, registry: Registry, presence: Presence, encoder: DeviceEncoder) -> None:
        self._registry = registry
        self._presence = presence
        self._encoder = encoder

    async def report(self, device_id: int, request: wire.UpdateDeviceConfigRequest) -> wire.UpdateDeviceConfigResponse:
        """Raises NotFound, InvalidArgument, Unavailable."""
        device = await self._registry.update(device_id, changes(request))
        self._presence.seen(device_id)
        response = wire.UpdateDeviceConfigResponse(
            status="success",
            message="Device configuration updated successfully",
            device=self._encoder.device(device),
            config_key=request.config_key,
            data_type=request.data_type,
        )
        if request.config_key:
            stored = to_struct({"value": typed(request.config_value, request.data_type)})
            response.config_value.CopyFrom(stored.fields["value"])
        return response
