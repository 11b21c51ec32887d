"""The components that use the database of the registry."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta

from pydantic import SecretStr

from iotflow_server.audit import Audit
from iotflow_server.auth.credentials import KeyHasher
from iotflow_server.auth.identities import Identities
from iotflow_server.auth.secret_files import ADMIN_TOKEN, GATEWAY_TOKEN, KEY_SECRET, kept_secret
from iotflow_server.auth.tokens import BUILT_IN_GATEWAY, Tokens
from iotflow_server.commands.commands import Commands
from iotflow_server.commands.leases import CommandLeases
from iotflow_server.config.desired import DesiredConfigs
from iotflow_server.db.database import Database
from iotflow_server.db.housekeeping import Housekeeping
from iotflow_server.devices.imports.imports import DeviceImports
from iotflow_server.devices.index.kept_index import REFRESH_SECONDS, KeptIndex
from iotflow_server.devices.keys import DeviceKeys
from iotflow_server.devices.registry import Registry
from iotflow_server.mqtt.accounts import Accounts
from iotflow_server.mqtt.connections import MqttConnections
from iotflow_server.mqtt.sessions import MqttSessions
from iotflow_server.presence.last_seen import LastSeen
from iotflow_server.presence.online import Online
from iotflow_server.settings import Settings
from iotflow_server.telemetry.times import utc_now_ms


@dataclass(frozen=True, slots=True)
class Devices:
    """Devices and their credentials."""

    registry: Registry
    keys: DeviceKeys
    accounts: Accounts


@dataclass(frozen=True, slots=True)
class Access:
    """Credentials of callers."""

    tokens: Tokens
    identities: Identities


@dataclass(frozen=True, slots=True)
class DevicePresence:
    """Last-seen times and online states of devices."""

    last_seen: LastSeen
    online: Online


@dataclass(frozen=True, slots=True)
class CommandStores:
    """Commands, and their leases to gateways."""

    store: Commands
    leases: CommandLeases


@dataclass(frozen=True, slots=True)
class Fleet:
    """The components that use the database of the registry."""

    database: Database
    devices: Devices
    access: Access
    presence: DevicePresence
    commands: CommandStores
    desired: DesiredConfigs
    audit: Audit
    imports: DeviceImports
    index: KeptIndex
    sessions: MqttSessions
    connections: MqttConnections


async def started_fleet(settings: Settings, stack: AsyncExitStack) -> Fleet:
    """Start the components; the stack closes them."""
    database = Database(settings.registry_url)
    await database.start()
    stack.push_async_callback(database.close)
    hasher = KeyHasher(_secret(settings, settings.key_secret, KEY_SECRET).encode())
    devices = _devices(settings, database, hasher)
    access = await _started_access(settings, database, hasher, devices, stack)
    presence = await _started_presence(settings, database, devices, stack)
    commands = await _commands(settings, database)
    sessions = MqttSessions(database)
    housekeeping = Housekeeping(database, commands.store, settings.history, sessions.prune_regularly)
    await housekeeping.start()
    stack.push_async_callback(housekeeping.close)
    return Fleet(
        database=database,
        devices=devices,
        access=access,
        presence=presence,
        commands=commands,
        desired=DesiredConfigs(database),
        audit=Audit(database),
        imports=_imports(settings, database, hasher, devices, presence.last_seen),
        index=await _started_index(settings, database, devices, presence.online, stack),
        sessions=sessions,
        connections=MqttConnections(utc_now_ms),
    )


def _secret(settings: Settings, configured: SecretStr, file: str) -> str:
    """The configured secret, or else the secret in the data folder."""
    return configured.get_secret_value() or kept_secret(settings.data_dir, file)


def _devices(settings: Settings, database: Database, hasher: KeyHasher) -> Devices:
    registry = Registry(database, hasher, settings.api_key_length)
    keys = DeviceKeys(
        database=database,
        hasher=hasher,
        registry=registry,
        grace=timedelta(seconds=settings.key_grace_seconds),
        length=settings.api_key_length,
    )
    return Devices(registry=registry, keys=keys, accounts=Accounts(database, registry))


def _imports(
    settings: Settings, database: Database, hasher: KeyHasher, devices: Devices, last_seen: LastSeen
) -> DeviceImports:
    return DeviceImports(
        database=database,
        hasher=hasher,
        registry=devices.registry,
        was_used=lambda device_id: last_seen.recorded_at(device_id) is not None,
        key_length=settings.api_key_length,
    )


async def _started_access(
    settings: Settings, database: Database, hasher: KeyHasher, devices: Devices, stack: AsyncExitStack
) -> Access:
    tokens = Tokens(database, hasher)
    await tokens.ensure_builtin(_secret(settings, settings.admin_token, ADMIN_TOKEN))
    gateway_token = _secret(settings, settings.gateway_token, GATEWAY_TOKEN)
    await tokens.ensure_builtin(gateway_token, BUILT_IN_GATEWAY, "gateway")
    identities = Identities(registry=devices.registry, keys=devices.keys, tokens=tokens)
    stack.push_async_callback(identities.close)
    return Access(tokens=tokens, identities=identities)


async def _started_presence(
    settings: Settings, database: Database, devices: Devices, stack: AsyncExitStack
) -> DevicePresence:
    is_shared = bool(settings.redis_url)
    last_seen = LastSeen(database, shared=is_shared)
    await last_seen.start()
    stack.push_async_callback(last_seen.close)
    online = Online(
        database=database,
        last_seen=last_seen,
        window=timedelta(seconds=settings.online_window_seconds),
        shared=is_shared,
    )
    devices.registry.on_gone(online.record_removed)
    await online.start()
    stack.push_async_callback(online.close)
    return DevicePresence(last_seen=last_seen, online=online)


async def _started_index(
    settings: Settings, database: Database, devices: Devices, online: Online, stack: AsyncExitStack
) -> KeptIndex:
    # Redis carries the changes of other processes. Without it, those of several servers on one database are not known here.
    is_informed = settings.is_sole or bool(settings.redis_url)
    index = KeptIndex(
        database=database, online_ids=lambda: online.ids, refresh=None if is_informed else REFRESH_SECONDS
    )
    devices.registry.use_index(index)
    online.on_change(index.mark_online)
    await index.start()
    stack.push_async_callback(index.close)
    return index


async def _commands(settings: Settings, database: Database) -> CommandStores:
    store = Commands(database)
    leases = CommandLeases(database, store.changes)
    if settings.is_sole:
        # Leases that exist now belong to a process that has ended.
        await leases.release_all()
    return CommandStores(store=store, leases=leases)
