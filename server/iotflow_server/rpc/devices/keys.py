"""RotateApiKey, EndKeyGrace and UnregisterDevice: the key and the registration of the calling device."""

from google.api.httpbody_pb2 import HttpBody

from iotflow.v1 import device_service_pb2 as wire
from iotflow_server.auth.principal import Principal
from iotflow_server.devices.keys import DeviceKeys
from iotflow_server.errors import PermissionDenied
from iotflow_server.rpc.codec.strict_json import fill, reject_unknown
from iotflow_server.rpc.codec.wire_values import timestamp_of
from iotflow_server.rpc.streams.active_streams import ActiveStreams


class OwnKeyHandler:
    """Serves calls that require the device's own key; tokens are not accepted."""

    def __init__(self, *, keys: DeviceKeys, active_streams: ActiveStreams) -> None:
        self._keys = keys
        self._active_streams = active_streams

    async def rotate_in_json(self, body: HttpBody, principal: Principal) -> wire.RotateApiKeyResponse:
        """RotateApiKeyJson."""
        return await self.rotate(fill(wire.RotateApiKeyRequest(), body), principal)

    async def rotate(self, request: wire.RotateApiKeyRequest, principal: Principal) -> wire.RotateApiKeyResponse:
        """RotateApiKey."""
        reject_unknown(request)
        key = principal.own_key()
        successor, old_until = await self._keys.rotate(key)
        return wire.RotateApiKeyResponse(
            message="The key is rotated. The old key stays valid for the grace period after the first use of the new key.",
            device_id=key.id,
            api_key=successor,
            old_key_valid_until=timestamp_of(old_until),
        )

    async def end_grace(self, principal: Principal) -> wire.EndKeyGraceResponse:
        """EndKeyGrace."""
        key = principal.own_key()
        await self._keys.end_grace(key)
        return wire.EndKeyGraceResponse(message="Only this key is valid.", device_id=key.id)

    async def unregister(self, principal: Principal) -> wire.UnregisterDeviceResponse:
        """UnregisterDevice."""
        device = await self._keys.unregister(principal.own_key())
        self._active_streams.end_streams_of(
            principal.name, PermissionDenied("DEVICE_REMOVED", "The device is unregistered.")
        )
        return wire.UnregisterDeviceResponse(message=f"Device {device.name} unregistered", device_id=device.id)
