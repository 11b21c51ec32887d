"""The registry and what is known of devices."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta

from iotflow_server.audit import Audit
from iotflow_server.auth.hashing import KeyHasher
from iotflow_server.auth.identities import Identities
from iotflow_server.auth.secret_files import ADMIN_TOKEN, GATEWAY_TOKEN, KEY_SECRET, kept_secret
from iotflow_server.auth.tokens import BUILT_IN_GATEWAY, Tokens
from iotflow_server.commands.commands import Commands
from iotflow_server.commands.leases import CommandLeases
from iotflow_server.config.desired import DesiredConfigs
from iotflow_server.db.database import Database
from iotflow_server.db.housekeeping import Housekeeping
from iotflow_server.devices.keys import DeviceKeys
from iotflow_server.devices.registry import Registry
from iotflow_server.mqtt.accounts import Accounts
from iotflow_server.presence.last_seen import LastSeen
from iotflow_server.presence.online import Online
from iotflow_server.settings import Settings


@dataclass(frozen=True, slots=True)
class Fleet:
    """The registry's parts."""

    database: Database
    registry: Registry
    keys: DeviceKeys
    tokens: Tokens
    identities: Identities
    presence: LastSeen
    online: Online
    audit: Audit
    commands: Commands
    leases: CommandLeases
    desired: DesiredConfigs
    accounts: Accounts


async def started_fleet(settings: Settings, stack: AsyncExitStack) -> Fleet:
    """Closed with the stack."""
    database = Database(settings.registry_url)
    await database.start()
    stack.push_async_callback(database.close)
    hasher = KeyHasher((settings.key_secret.get_secret_value() or kept_secret(settings.data_dir, KEY_SECRET)).encode())
    registry = Registry(database, hasher, settings.api_key_length)
    grace = timedelta(seconds=settings.key_grace_seconds)
    keys = DeviceKeys(database, hasher, registry, grace, settings.api_key_length)
    tokens = Tokens(database, hasher)
    await tokens.ensure_builtin(settings.admin_token.get_secret_value() or kept_secret(settings.data_dir, ADMIN_TOKEN))
    gateway_token = settings.gateway_token.get_secret_value() or kept_secret(settings.data_dir, GATEWAY_TOKEN)
    await tokens.ensure_builtin(gateway_token, BUILT_IN_GATEWAY, "gateway")
    identities = Identities(registry, keys, tokens)
    stack.push_async_callback(identities.close)
    presence = LastSeen(database, tells=bool(settings.redis_url))
    await presence.start()
    stack.push_async_callback(presence.close)
    window = timedelta(seconds=settings.online_window_seconds)
    online = Online(database, presence, window, tells=bool(settings.redis_url))
    registry.on_gone(online.gone)
    await online.start()
    stack.push_async_callback(online.close)
    commands = Commands(database)
    leases = CommandLeases(database, commands.news)
    if settings.is_sole:
        await leases.release_all()
    desired = DesiredConfigs(database)
    housekeeping = Housekeeping(database, commands, settings.history)
    await housekeeping.start()
    stack.push_async_callback(housekeeping.close)
    return Fleet(
        database=database,
        registry=registry,
        keys=keys,
        accounts=Accounts(database, registry),
        tokens=tokens,
        identities=identities,
        audit=Audit(database),
        presence=presence,
        online=online,
        commands=commands,
        leases=leases,
        desired=desired,
    )
