"""The registration and the key of a device: RegisterDevice, RotateApiKey, EndKeyGrace and UnregisterDevice."""

from dataclasses import dataclass

from google.api.httpbody_pb2 import HttpBody

from iotflow.v1 import device_service_pb2 as wire
from iotflow.words import Role
from iotflow_server.auth.principal import Principal
from iotflow_server.devices.keys import DeviceKeys
from iotflow_server.devices.registry import Registry
from iotflow_server.errors import PermissionDenied, Unauthenticated
from iotflow_server.rpc.codec import wire_devices
from iotflow_server.rpc.codec.json_bodies import fill, reject_unknown
from iotflow_server.rpc.codec.new_devices import new_device
from iotflow_server.rpc.codec.wire_values import timestamp_of


@dataclass(frozen=True, slots=True)
class RegistrationPolicy:
    """mode: the roles that may register devices: all (open), registrars and admins (token), or admins (closed)."""

    mode: str

    def check(self, principal: Principal) -> None:
        """Raise Unauthenticated or PermissionDenied if the caller may not register devices."""
        allowed = {"open": set(Role), "token": {Role.REGISTRAR, Role.ADMIN}, "closed": {Role.ADMIN}}[self.mode]
        if principal.role in allowed:
            return
        if principal.role is Role.ANONYMOUS and self.mode == "token":
            raise Unauthenticated(
                "TOKEN_REQUIRED", "Registration requires a registrar's token in `authorization: Bearer`."
            )
        raise PermissionDenied("REGISTRATION_CLOSED", "The caller may not register devices. Ask an admin.")


class DeviceRegistrationHandler:
    """Registers devices, if the policy allows it."""

    def __init__(self, *, registry: Registry, policy: RegistrationPolicy) -> None:
        self._registry = registry
        self._policy = policy

    async def register(self, request: wire.RegisterDeviceRequest, principal: Principal) -> wire.RegisterDeviceResponse:
        """RegisterDevice."""
        self._policy.check(principal)
        device, key = await self._registry.register(new_device(request), actor=principal.name)
        return wire.RegisterDeviceResponse(
            message="Device registered successfully", device=wire_devices.registered(device, key)
        )


class OwnKeyHandler:
    """Serves calls that require the device's own key; tokens are not accepted."""

    def __init__(self, *, keys: DeviceKeys) -> None:
        self._keys = keys

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
        return wire.UnregisterDeviceResponse(message=f"Device {device.name} unregistered", device_id=device.id)
