"""RegisterDevice, and its policy."""

from dataclasses import dataclass

from iotflow.v1 import device_service_pb2 as wire
from iotflow.words import Role
from iotflow_server.auth.principal import Principal
from iotflow_server.devices.device import NewDevice
from iotflow_server.devices.registry import Registry
from iotflow_server.errors import PermissionDenied, Unauthenticated
from iotflow_server.rpc.codec import wire_devices


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


class RegistrationHandler:
    """Registers devices, if the policy allows it."""

    def __init__(self, *, registry: Registry, policy: RegistrationPolicy) -> None:
        self._registry = registry
        self._policy = policy

    async def register(self, request: wire.RegisterDeviceRequest, principal: Principal) -> wire.RegisterDeviceResponse:
        """RegisterDevice."""
        self._policy.check(principal)
        new = NewDevice(
            name=request.name,
            device_type=request.device_type or "sensor",
            description=request.description,
            location=request.location,
            firmware_version=request.firmware_version,
            hardware_version=request.hardware_version,
        )
        device, key = await self._registry.register(new, actor=principal.name)
        return wire.RegisterDeviceResponse(
            message="Device registered successfully", device=wire_devices.registered(device, key)
        )
