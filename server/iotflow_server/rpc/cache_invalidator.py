"""Applies the changes of other server processes to the caches and streams of this one."""

from iotflow_server.auth.identities import Identities
from iotflow_server.commands.commands import Commands
from iotflow_server.commands.remote_relay import RemoteCommandRelay
from iotflow_server.config.desired import DesiredConfigs
from iotflow_server.devices.device_cache import DeviceCache
from iotflow_server.mqtt.accounts import Accounts
from iotflow_server.streams.credential_rechecks import CredentialRechecks


class CacheInvalidator:
    """Removes changed devices and tokens from the caches, then checks the streams that depend on them.

    Methods raise Unavailable.
    """

    def __init__(
        self,
        *,
        identities: Identities,
        device_cache: DeviceCache,
        accounts: Accounts,
        rechecks: CredentialRechecks,
        commands: Commands,
        relay: RemoteCommandRelay,
        desired: DesiredConfigs,
    ) -> None:
        self._identities = identities
        self._device_cache = device_cache
        self._accounts = accounts
        self._rechecks = rechecks
        self._commands = commands
        self._relay = relay
        self._desired = desired

    async def device(self, device_id: int) -> None:
        self._identities.forget_device(device_id)
        self._device_cache.forget(device_id)
        self._accounts.publish(device_id)
        await self._rechecks.recheck_device(device_id)

    async def token(self, token_id: int) -> None:
        self._identities.forget_token(token_id)
        await self._rechecks.recheck_token(token_id)

    async def command(self, command_id: int) -> None:
        self._relay.add(command_id)

    async def desired(self, device_id: int) -> None:
        self._desired.changes.publish_remote(await self._desired.get(device_id))

    async def anything(self) -> None:
        self._commands.changes.mark_gap()
        self._desired.changes.mark_gap()
        self._identities.forget_all()
        self._device_cache.forget_all()
        self._accounts.mark_gap()
        await self._rechecks.recheck_all()
