"""Applies the changes of other server processes to the caches, feeds and streams of this one."""

import asyncio

import structlog

from iotflow_server.auth.identities import Identities
from iotflow_server.cluster.mqtt_connections import decode
from iotflow_server.commands.commands import Commands
from iotflow_server.config.desired import DesiredConfigs
from iotflow_server.devices.device_cache import DeviceCache
from iotflow_server.devices.index.kept_index import KeptIndex
from iotflow_server.errors import Unavailable
from iotflow_server.mqtt.accounts import Accounts
from iotflow_server.mqtt.connections import MqttConnections
from iotflow_server.streams.credential_rechecks import CredentialRechecks

# Commands that wait to be read. Above this number the relay publishes a gap instead.
MOST_WAITING = 10_000
log = structlog.get_logger(__name__)


class RemoteCommandRelay:
    """Reads the commands that other processes changed, in batches, and publishes each in the state in which it is read."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self._changed: set[int] = set()
        self._arrived = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def add(self, command_id: int) -> None:
        """Queue a command that another process changed. Never waits."""
        self._changed.add(command_id)
        if len(self._changed) > MOST_WAITING:
            self._changed.clear()
            self._commands.changes.mark_gap()
        self._arrived.set()

    async def start(self) -> None:
        """Start the relay, which runs until close."""
        self._task = asyncio.create_task(self._relay(), name="remote command relay")

    async def close(self) -> None:
        """Stop the relay."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _relay(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            changed, self._changed = self._changed, set()
            try:
                for command in await self._commands.get_many(sorted(changed)):
                    self._commands.changes.publish_remote(command)
            except Unavailable:
                self._commands.changes.mark_gap()
            except Exception:
                # Without the relay, changes of other processes would be delayed until the next poll.
                log.exception("command_relay_failed")
                self._commands.changes.mark_gap()


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
        index: KeptIndex,
        rechecks: CredentialRechecks,
        commands: Commands,
        relay: RemoteCommandRelay,
        desired: DesiredConfigs,
        connections: MqttConnections,
    ) -> None:
        self._identities = identities
        self._device_cache = device_cache
        self._accounts = accounts
        self._index = index
        self._rechecks = rechecks
        self._commands = commands
        self._relay = relay
        self._desired = desired
        self._connections = connections

    async def device(self, device_id: int) -> None:
        self._identities.forget_device(device_id)
        self._device_cache.forget(device_id)
        self._accounts.publish(device_id)
        self._index.mark(device_id)
        await self._rechecks.recheck_device(device_id)

    async def imported(self, ids: range) -> None:
        self._accounts.publish_imported(ids)
        self._index.mark_imported(ids)

    async def token(self, token_id: int) -> None:
        self._identities.forget_token(token_id)
        await self._rechecks.recheck_token(token_id)

    async def command(self, command_id: int) -> None:
        self._relay.add(command_id)

    async def desired(self, device_id: int) -> None:
        self._desired.changes.publish_remote(await self._desired.get(device_id))

    async def connections(self, opened: str) -> None:
        self._connections.publish_remote(decode(opened))

    async def anything(self) -> None:
        self._commands.changes.mark_gap()
        self._desired.changes.mark_gap()
        self._identities.forget_all()
        self._device_cache.forget_all()
        self._accounts.mark_gap()
        self._index.mark_all()
        await self._rechecks.recheck_all()
