"""The components that connect the server processes with each other, through Redis if it is configured."""

from contextlib import AsyncExitStack

from iotflow_server.cluster.connection import RedisConnection
from iotflow_server.cluster.invalidations import RedisInvalidations
from iotflow_server.cluster.latest import RedisLatestValues
from iotflow_server.cluster.live import LiveStream, RedisLiveBus
from iotflow_server.cluster.mqtt_connections import encode
from iotflow_server.cluster.presence import RedisPresenceBoard
from iotflow_server.cluster.remote_changes import CacheInvalidator, RemoteCommandRelay
from iotflow_server.cluster.server_numbers import ServerNumber, identity_in
from iotflow_server.cluster.timestamps import RedisTimestampAllocator, own_stride
from iotflow_server.cluster.token_buckets import RedisBuckets, shared_buckets
from iotflow_server.composition.fleet import Fleet
from iotflow_server.db.database import Database
from iotflow_server.devices.device_cache import DeviceCache
from iotflow_server.interceptors.token_buckets import BucketsFactory, LocalBuckets
from iotflow_server.presence.exchange import PresenceExchange
from iotflow_server.settings import Settings
from iotflow_server.streams.credential_rechecks import CredentialRechecks
from iotflow_server.telemetry.live import DirectBus, LiveBus, LiveFeed
from iotflow_server.telemetry.stores.choice import ChosenStore, is_iotdb
from iotflow_server.telemetry.times import utc_now_ms
from iotflow_server.telemetry.timestamps import LocalTimestampAllocator, NewestTimestamps, TimestampAllocator
from iotflow_server.workers.member import Member


def redis_of(settings: Settings, stack: AsyncExitStack) -> RedisConnection | None:
    """The connection to Redis, or None if Redis is not configured."""
    if not settings.redis_url:
        return None
    connection = RedisConnection(settings.redis_url)
    stack.push_async_callback(connection.close)
    return connection


def buckets_of(redis: RedisConnection | None, stack: AsyncExitStack) -> BucketsFactory:
    """Makes the token buckets of rate limits; shared by all servers if Redis is configured."""
    if redis is None:
        return lambda _name, per_minute: LocalBuckets(per_minute)
    shared = RedisBuckets(redis)
    stack.push_async_callback(shared.close)
    return shared_buckets(shared)


async def started_latest_values(
    settings: Settings, redis: RedisConnection | None, stack: AsyncExitStack
) -> RedisLatestValues | None:
    """The cache of newest values, closed with the stack. None: the store answers these queries itself."""
    if redis is None or not is_iotdb(settings.telemetry_url):
        return None
    values = RedisLatestValues(redis)
    await values.start()
    stack.push_async_callback(values.close)
    return values


async def started_bus(redis: RedisConnection | None, feed: LiveFeed, stack: AsyncExitStack) -> LiveBus:
    """The bus that carries stored readings to the live feeds of all processes; closed with the stack."""
    if redis is None:
        return DirectBus(feed)
    bus = RedisLiveBus(feed, LiveStream(redis))
    await bus.start()
    stack.push_async_callback(bus.close)
    return bus


async def started_timestamps(
    settings: Settings,
    member: Member,
    database: Database,
    redis: RedisConnection | None,
    store: ChosenStore,
    stack: AsyncExitStack,
) -> TimestampAllocator:
    """The allocator of timestamps for readings without one; closed with the stack. Raises CannotStart, Unavailable."""
    newest = NewestTimestamps(store.reader, utc_now_ms, lambda: store.writer.buffering)
    local = LocalTimestampAllocator(newest, utc_now_ms)
    if not settings.is_sole:
        number = ServerNumber(database, identity_in(settings.data_dir))
        await number.start(lambda server: local.set_stride(own_stride(member.number, member.of, server)))
        stack.push_async_callback(number.close)
    if redis is None:
        return local
    return RedisTimestampAllocator(connection=redis, newest=newest, now=utc_now_ms, alone=local)


async def start_invalidations(
    redis: RedisConnection, fleet: Fleet, device_cache: DeviceCache, rechecks: CredentialRechecks, stack: AsyncExitStack
) -> None:
    """Exchange changes of the registry and sightings of devices with the other processes, until the stack closes."""
    relay = RemoteCommandRelay(fleet.commands.store)
    await relay.start()
    stack.push_async_callback(relay.close)
    invalidator = CacheInvalidator(
        identities=fleet.access.identities,
        device_cache=device_cache,
        accounts=fleet.devices.accounts,
        index=fleet.index,
        rechecks=rechecks,
        commands=fleet.commands.store,
        relay=relay,
        desired=fleet.desired,
        connections=fleet.connections,
    )
    invalidations = RedisInvalidations(redis, invalidator)
    fleet.devices.registry.on_change(invalidations.device_changed)
    fleet.devices.registry.on_register(invalidations.device_changed)
    fleet.devices.registry.on_import(invalidations.devices_imported)
    fleet.access.tokens.on_change(invalidations.token_revoked)
    fleet.commands.store.changes.on_publish(lambda command: invalidations.command_changed(command.id))
    fleet.desired.changes.on_publish(lambda desired: invalidations.desired_changed(desired.device_id))
    fleet.connections.on_publish(lambda opened: invalidations.connections_opened(encode(opened)))
    await invalidations.start()
    stack.push_async_callback(invalidations.close)
    exchange = PresenceExchange(fleet.presence.last_seen, fleet.presence.online, RedisPresenceBoard(redis))
    await exchange.start()
    stack.push_async_callback(exchange.close)
