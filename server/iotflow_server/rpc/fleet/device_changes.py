"""UpdateDevice, DeleteDevice, SetDeviceStatus and ResetDeviceKey."""

from datetime import timedelta

from iotflow.v1 import fleet_service_pb2 as wire
from iotflow_server.auth.principal import Principal
from iotflow_server.devices.device import DeviceChanges
from iotflow_server.devices.keys import DeviceKeys
from iotflow_server.devices.registry import Registry
from iotflow_server.rpc.codec.json_bodies import fill, reject_unknown
from iotflow_server.rpc.codec.wire_devices import DeviceEncoder
from iotflow_server.telemetry.ports import Span, TelemetryWriter


class DeviceChangeHandler:
    """Changes devices. The streams of a deleted or inactive device end before the answer; see CredentialRechecks."""

    def __init__(self, *, registry: Registry, encoder: DeviceEncoder, writer: TelemetryWriter) -> None:
        self._registry = registry
        self._encoder = encoder
        self._writer = writer

    async def update(self, request: wire.UpdateDeviceRequest, principal: Principal) -> wire.UpdateDeviceResponse:
        """UpdateDevice."""
        changes = {field.name: value for field, value in request.ListFields() if field.name != "device_id"}
        device = await self._registry.update(request.device_id, DeviceChanges(**changes), actor=principal.name)
        return wire.UpdateDeviceResponse(
            message=f"Device {device.name} updated", device=await self._encoder.device(device)
        )

    async def delete(self, request: wire.DeleteDeviceRequest, principal: Principal) -> wire.DeleteDeviceResponse:
        """DeleteDevice."""
        device = await self._registry.delete(
            request.device_id, actor=principal.name, delete_telemetry=request.delete_telemetry
        )
        if request.delete_telemetry:
            await self._writer.delete(device.id, Span())
        return wire.DeleteDeviceResponse(message=f"Device {device.name} deleted successfully", device_id=device.id)

    async def set_status(
        self, request: wire.SetDeviceStatusRequest, principal: Principal
    ) -> wire.SetDeviceStatusResponse:
        """SetDeviceStatus."""
        before, device = await self._registry.set_status(request.device_id, request.status, actor=principal.name)
        return wire.SetDeviceStatusResponse(
            message=f"Device status updated from {before} to {device.status}",
            device_id=device.id,
            old_status=before,
            new_status=device.status,
        )


class KeyResetHandler:
    """Serves ResetDeviceKey, and its form for REST: a new key for a device whose key is lost or stolen."""

    def __init__(self, *, keys: DeviceKeys) -> None:
        self._keys = keys

    async def reset_in_json(
        self, request: wire.ResetDeviceKeyJsonRequest, principal: Principal
    ) -> wire.ResetDeviceKeyResponse:
        """ResetDeviceKeyJson."""
        return await self.reset(fill(wire.ResetDeviceKeyRequest(device_id=request.device_id), request.body), principal)

    async def reset(self, request: wire.ResetDeviceKeyRequest, principal: Principal) -> wire.ResetDeviceKeyResponse:
        """ResetDeviceKey."""
        reject_unknown(request)
        grace = timedelta(seconds=request.grace_seconds)
        key = await self._keys.reset(request.device_id, grace, actor=principal.name)
        return wire.ResetDeviceKeyResponse(
            message="The key is reset. Install the new key on the device.", device_id=request.device_id, api_key=key
        )
