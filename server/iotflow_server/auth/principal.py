"""The caller and its rights."""

from dataclasses import dataclass
from datetime import datetime

from iotflow.words import Role
from iotflow_server.devices.device import Device
from iotflow_server.devices.keys import DeviceKey
from iotflow_server.errors import InvalidArgument, PermissionDenied, Unauthenticated


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller. name: device:<id>, token:<name>, or anonymous. key: for devices only. token_id, expires_at: for tokens only.
    address: for anonymous callers only."""

    role: Role
    name: str
    key: DeviceKey | None = None
    token_id: int | None = None
    expires_at: datetime | None = None
    address: str = ""

    @property
    def limit_key(self) -> str:
        """Callers with equal keys share their limits: the name, or the address of an anonymous caller."""
        return self.address if self.role is Role.ANONYMOUS else self.name

    @property
    def device(self) -> Device | None:
        """The calling device, if the caller is a device."""
        return self.key.device if self.key else None

    def own_key(self) -> DeviceKey:
        """The key of the calling device. Raises Unauthenticated if the caller is no device."""
        if self.key is None:
            raise Unauthenticated("DEVICE_KEY_REQUIRED", "This call requires a device's key; send it in x-api-key.")
        return self.key

    def own_device(self) -> Device:
        """The calling device; raises as own_key."""
        return self.own_key().device

    def check_reads(self, device_id: int) -> None:
        """Raise PermissionDenied if a device reads the data of another one."""
        if self.device is not None and self.device.id != device_id:
            raise PermissionDenied("NOT_YOUR_DEVICE", f"This key allows reads of device {self.device.id} only.")

    def writes_for(self, device_id: int) -> int:
        """The device for which the caller writes: 0 is the calling device; gateways and admins must name a device.

        Raises PermissionDenied if a device names another one, InvalidArgument if no device is named.
        """
        if self.device is None:
            if not device_id:
                raise InvalidArgument("device_id", "device_id is required: a gateway must name the device.")
            return device_id
        if device_id not in (0, self.device.id):
            raise PermissionDenied(
                "NOT_YOUR_DEVICE", f"This key allows writes for device {self.device.id} only.", field="device_id"
            )
        return self.device.id

    @property
    def valid_until(self) -> datetime | None:
        """The end of the credential's validity; None: no end is set."""
        return self.key.until if self.key else self.expires_at


ANONYMOUS = Principal(Role.ANONYMOUS, "anonymous")


def anonymous_at(address: str) -> Principal:
    """A caller without a credential."""
    return Principal(Role.ANONYMOUS, "anonymous", address=address)
