"""Who calls, and what they may do."""

from dataclasses import dataclass
from datetime import datetime

from iotflow.words import Role
from iotflow_server.devices.device import Device
from iotflow_server.devices.keys import DeviceKey
from iotflow_server.errors import InvalidArgument, PermissionDenied, Unauthenticated


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller. name: device:<id>, token:<name>, or anonymous; key: set for devices; token_id, expires_at: of a token;
    address: set for anonymous callers."""

    role: Role
    name: str
    key: DeviceKey | None = None
    token_id: int | None = None
    expires_at: datetime | None = None
    address: str = ""

    @property
    def limit_key(self) -> str:
        """Callers of one key share limits and turns: the name, or the address of an anonymous caller."""
        return self.address if self.role is Role.ANONYMOUS else self.name

    @property
    def device(self) -> Device | None:
        """The device that calls, if one does."""
        return self.key.device if self.key else None

    def own_key(self) -> DeviceKey:
        """The key of the device that calls. Raises Unauthenticated where the caller is none."""
        if self.key is None:
            raise Unauthenticated("DEVICE_KEY_REQUIRED", "show the device's key in x-api-key")
        return self.key

    def own_device(self) -> Device:
        """As own_key."""
        return self.own_key().device

    def check_reads(self, device_id: int) -> None:
        """Raise PermissionDenied where a device asks for another's data."""
        if self.device is not None and self.device.id != device_id:
            raise PermissionDenied("NOT_YOUR_DEVICE", f"this key reads device {self.device.id} only")

    def writes_for(self, device_id: int) -> int:
        """The device that the caller writes for: 0 is the device that calls; gateways and admins must name one.

        Raises PermissionDenied where a device names another one, InvalidArgument where none is named.
        """
        if self.device is None:
            if not device_id:
                raise InvalidArgument("device_id", "a gateway must name the device")
            return device_id
        if device_id not in (0, self.device.id):
            raise PermissionDenied(
                "NOT_YOUR_DEVICE", f"this key writes for device {self.device.id} only", field="device_id"
            )
        return self.device.id

    @property
    def valid_until(self) -> datetime | None:
        """When the credential ends; None: no end is set."""
        return self.key.until if self.key else self.expires_at


ANONYMOUS = Principal(Role.ANONYMOUS, "anonymous")


def anonymous_at(address: str) -> Principal:
    """A caller without a credential."""
    return Principal(Role.ANONYMOUS, "anonymous", address=address)
