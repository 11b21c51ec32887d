"""Resolves MQTT user names to devices."""

from iotflow.contract import LARGEST_DEVICE_ID
from iotflow_server.devices.device import Device
from iotflow_server.devices.registry import Registry


class Usernames:
    """A user name is the id or the name of a device."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def device(self, username: str) -> Device | None:
        """The device with this id or name, or None."""
        if not (username.isascii() and username.isdigit()):
            return await self._registry.get_by_name(username)
        if int(username) > LARGEST_DEVICE_ID:
            return None
        return next(iter(await self._registry.get_many([int(username)])), None)
