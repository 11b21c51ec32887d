"""ResetDeviceKey: a new key for a device whose key is lost or stolen."""

from datetime import timedelta

from iotflow.v1 import fleet_service_pb2 as wire
from iotflow_server.auth.principal import Principal
from iotflow_server.devices.keys import DeviceKeys
from iotflow_server.rpc.codec.strict_json import fill, reject_unknown


class KeyResetHandler:
    """Serves ResetDeviceKey, and its form for REST."""

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
