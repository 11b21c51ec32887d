"""The components that process readings."""

from contextlib import AsyncExitStack
from dataclasses import dataclass

from iotflow_server.cluster.connection import RedisConnection
from iotflow_server.cluster.latest import RedisLatestValues
from iotflow_server.composition.cluster import started_bus, started_latest_values, started_timestamps
from iotflow_server.composition.fleet import Fleet
from iotflow_server.devices.device_cache import DeviceCache
from iotflow_server.settings import Settings
from iotflow_server.telemetry.checks import FutureLimit, Limits
from iotflow_server.telemetry.device_ingest import DeviceIngest
from iotflow_server.telemetry.ingest import Ingest
from iotflow_server.telemetry.live import LiveBus, LiveFeed, PresenceFeed
from iotflow_server.telemetry.outcome import Tally
from iotflow_server.telemetry.stores.choice import ChosenStore, RetentionRule, chosen_store
from iotflow_server.telemetry.times import utc_now_ms
from iotflow_server.workers.member import Member

# Seconds for which a device is cached. Where other processes change the registry too, a change may take effect here this late.
# A sole process has the longer time, because a gateway's hundred thousand devices would be read again every few seconds.
SOLE_TTL, SHARED_TTL = 60.0, 5.0


@dataclass(frozen=True, slots=True)
class Telemetry:
    """The components that process readings. latest: the cache of newest values, if any."""

    store: ChosenStore
    ingest: Ingest
    device_ingest: DeviceIngest
    feed: LiveFeed
    bus: LiveBus
    latest: RedisLatestValues | None


async def started_telemetry(
    settings: Settings, member: Member, redis: RedisConnection | None, fleet: Fleet, stack: AsyncExitStack
) -> Telemetry:
    """Start the components; the stack closes them."""
    latest = await started_latest_values(settings, redis, stack)
    store = await _started_store(settings, latest, stack)
    feed, tally = LiveFeed(settings.subscriber_queue_bytes), Tally()
    bus = await started_bus(redis, feed, stack)
    ingest = Ingest(
        writer=store.writer,
        queue_bytes=settings.ingest_queue_bytes,
        tally=tally,
        publish=bus.publish,
        future=FutureLimit(settings.max_ahead_ms, utc_now_ms),
    )
    await ingest.start()
    stack.push_async_callback(ingest.close)
    device_cache = DeviceCache(fleet.devices.registry, SOLE_TTL if settings.is_sole else SHARED_TTL)
    device_ingest = DeviceIngest(
        ingest=ingest,
        device_cache=device_cache,
        last_seen=fleet.presence.last_seen,
        timestamps=await started_timestamps(settings, member, fleet.database, redis, store, stack),
        limits=_limits(settings),
        tally=tally,
    )
    presence_feed = PresenceFeed(feed, device_cache)
    await presence_feed.start()
    stack.push_async_callback(presence_feed.close)
    fleet.presence.online.on_change(presence_feed.changed)
    return Telemetry(store=store, ingest=ingest, device_ingest=device_ingest, feed=feed, bus=bus, latest=latest)


async def _started_store(settings: Settings, latest: RedisLatestValues | None, stack: AsyncExitStack) -> ChosenStore:
    store = chosen_store(settings, latest)
    await store.writer.start()
    stack.push_async_callback(store.writer.close)
    rule = RetentionRule(store.writer, settings.retention_ms)
    await rule.start()
    stack.push_async_callback(rule.close)
    return store


def _limits(settings: Settings) -> Limits:
    return Limits(
        rows=settings.max_batch_rows,
        columns=settings.max_batch_columns,
        values=settings.max_batch_values,
        text_bytes=settings.max_text_bytes,
        names=settings.max_device_measurements,
    )
