"""The composition root: the one place where parts are chosen and joined."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import grpc
import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health
from grpc_reflection.v1alpha import reflection

from iotflow.v1 import (
    admin_service_pb2,
    admin_service_pb2_grpc,
    device_service_pb2,
    device_service_pb2_grpc,
    system_service_pb2,
    system_service_pb2_grpc,
    telemetry_service_pb2,
    telemetry_service_pb2_grpc,
)
from iotflow_server.devices.audit import Audit
from iotflow_server.devices.commands import Commands
from iotflow_server.devices.credentials import KeyHasher
from iotflow_server.devices.database import Database
from iotflow_server.devices.desired import DesiredConfigs
from iotflow_server.devices.directory import Directory
from iotflow_server.devices.exchange import PresenceExchange
from iotflow_server.devices.figures import Figures
from iotflow_server.devices.identities import Identities
from iotflow_server.devices.presence import Presence
from iotflow_server.devices.registry import Registry
from iotflow_server.devices.tokens import Tokens
from iotflow_server.interceptors.behaviours import Layer, Layers
from iotflow_server.interceptors.errors import Errors
from iotflow_server.interceptors.identity import Identity
from iotflow_server.interceptors.logging import Logging
from iotflow_server.interceptors.metrics import CallMetrics
from iotflow_server.interceptors.rate_limits import Buckets, RateLimits
from iotflow_server.interceptors.validation import Validation
from iotflow_server.listening import drain, listen, options
from iotflow_server.metrics import Metrics
from iotflow_server.rpc.admin_service import AdminService
from iotflow_server.rpc.broker import Broker
from iotflow_server.rpc.device_service import DeviceService
from iotflow_server.rpc.elsewhere import Elsewhere
from iotflow_server.rpc.fleet_figures import FleetFigures
from iotflow_server.rpc.methods import open_to
from iotflow_server.rpc.registration import Registration
from iotflow_server.rpc.sessions import Sessions
from iotflow_server.rpc.system_service import Check, SystemService
from iotflow_server.rpc.telemetry_service import Streams, TelemetryService
from iotflow_server.rpc.wire_devices import DeviceEncoder
from iotflow_server.secret_files import ADMIN_TOKEN, KEY_SECRET, kept_secret
from iotflow_server.settings import Settings
from iotflow_server.shared.arrival import RedisArrival, own_lane
from iotflow_server.shared.connection import RedisConnection
from iotflow_server.shared.latest import RedisLatestValues
from iotflow_server.shared.live import RedisBus
from iotflow_server.shared.notices import RedisNotices
from iotflow_server.shared.presence import RedisPresenceBoard
from iotflow_server.telemetry.arrival import Arrival, ArrivalClock, Given
from iotflow_server.telemetry.checks import Limits
from iotflow_server.telemetry.ingest import Ingest
from iotflow_server.telemetry.intake import Intake
from iotflow_server.telemetry.live import DirectBus, LiveBus, LiveFeed
from iotflow_server.telemetry.retention_rule import RetentionRule
from iotflow_server.telemetry.store import TelemetryStore
from iotflow_server.telemetry.stores.choice import chosen_store, is_elsewhere, location_of
from iotflow_server.telemetry.tally import Tally
from iotflow_server.telemetry.times import utc_now_ms
from iotflow_server.workers.member import ALONE, Member

log = structlog.get_logger(__name__)

SERVICES = (
    device_service_pb2.DESCRIPTOR.services_by_name["DeviceService"].full_name,
    telemetry_service_pb2.DESCRIPTOR.services_by_name["TelemetryService"].full_name,
    admin_service_pb2.DESCRIPTOR.services_by_name["AdminService"].full_name,
    system_service_pb2.DESCRIPTOR.services_by_name["SystemService"].full_name,
)


@asynccontextmanager
async def running_server(settings: Settings, member: Member = ALONE) -> AsyncIterator[int]:
    """The port of a server that answers: everything started, in the order of need; on leaving, drained and closed in the reverse order.

    Calls under way have settings.drain_seconds to finish; streams end with UNAVAILABLE. Raises PortTaken, Unavailable.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        parts = await _parts(settings, member, stack)
        server = grpc.aio.server(interceptors=[Layers(parts.layers)], options=options(settings, member))
        _add_services(server, parts)
        checkup = health.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(checkup, server)
        reflection.enable_server_reflection(
            (*SERVICES, health_pb2.DESCRIPTOR.services_by_name["Health"].full_name, reflection.SERVICE_NAME), server
        )
        port = listen(server, settings, member)
        await server.start()
        stack.push_async_callback(drain, server, checkup, parts.sessions, settings.drain_seconds)
        for name in ("", *SERVICES):
            await checkup.set(name, health_pb2.HealthCheckResponse.SERVING)
        log.info("serving", address=f"{settings.grpc_host}:{port}", store=parts.store.name)
        yield port


@dataclass(frozen=True, slots=True)
class Parts:
    """What the server is put together from."""

    store: TelemetryStore
    sessions: Sessions
    layers: Sequence[Layer]
    devices: DeviceService
    telemetry: TelemetryService
    admin: AdminService
    system: SystemService


@dataclass(frozen=True, slots=True)
class Fleet:
    """The registry's parts."""

    database: Database
    registry: Registry
    tokens: Tokens
    identities: Identities
    presence: Presence
    audit: Audit
    commands: Commands
    desired: DesiredConfigs


@dataclass(frozen=True, slots=True)
class Telemetry:
    """The parts that readings pass through."""

    store: TelemetryStore
    ingest: Ingest
    feed: LiveFeed
    bus: LiveBus
    tally: Tally
    intake: Intake
    latest: RedisLatestValues | None


async def _fleet(settings: Settings, stack: AsyncExitStack) -> Fleet:
    database = Database(settings.registry_url)
    await database.start()
    stack.push_async_callback(database.close)
    hasher = KeyHasher((settings.key_secret.get_secret_value() or kept_secret(settings.data_dir, KEY_SECRET)).encode())
    registry = Registry(database, hasher, settings.api_key_length)
    tokens = Tokens(database, hasher)
    await tokens.ensure_builtin(settings.admin_token.get_secret_value() or kept_secret(settings.data_dir, ADMIN_TOKEN))
    identities = Identities(registry, tokens)
    stack.push_async_callback(identities.close)
    presence = Presence(database, tells=bool(settings.redis_url))
    await presence.start()
    stack.push_async_callback(presence.close)
    return Fleet(
        database, registry, tokens, identities, presence, Audit(database), Commands(database), DesiredConfigs(database)
    )


async def _telemetry(
    settings: Settings, member: Member, redis: RedisConnection | None, fleet: Fleet, stack: AsyncExitStack
) -> Telemetry:
    latest = await _latest_values(settings, redis, stack)
    store = chosen_store(settings, latest)
    await store.start()
    stack.push_async_callback(store.close)
    rule = RetentionRule(store, settings.retention_ms)
    await rule.start()
    stack.push_async_callback(rule.close)
    feed, tally = LiveFeed(settings.subscriber_queue_bytes), Tally()
    bus = await _bus(redis, feed, stack)
    ingest = Ingest(store, settings.ingest_queue_bytes, tally, bus.publish)
    await ingest.start()
    stack.push_async_callback(ingest.close)
    limits = Limits(
        settings.max_batch_rows, settings.max_batch_columns, settings.max_batch_values, settings.max_text_bytes
    )
    arrival = _arrival(member, redis, store)
    intake = Intake(ingest, Directory(fleet.registry), fleet.presence, arrival, limits, tally)
    return Telemetry(store, ingest, feed, bus, tally, intake, latest)


def _arrival(member: Member, redis: RedisConnection | None, store: TelemetryStore) -> Arrival:
    given = Given(store, utc_now_ms)
    if redis is None:
        return ArrivalClock(given, utc_now_ms)
    return RedisArrival(redis, given, utc_now_ms, ArrivalClock(given, utc_now_ms, own_lane(member.number, member.of)))


def _redis(settings: Settings, stack: AsyncExitStack) -> RedisConnection | None:
    """What the processes share things by; None: there is one process."""
    if not settings.redis_url:
        return None
    connection = RedisConnection(settings.redis_url)
    stack.push_async_callback(connection.close)
    return connection


async def _latest_values(
    settings: Settings, redis: RedisConnection | None, stack: AsyncExitStack
) -> RedisLatestValues | None:
    if redis is None or not is_elsewhere(settings.telemetry_url):
        return None
    values = RedisLatestValues(redis)
    await values.start()
    stack.push_async_callback(values.close)
    return values


async def _bus(redis: RedisConnection | None, feed: LiveFeed, stack: AsyncExitStack) -> LiveBus:
    if redis is None:
        return DirectBus(feed)
    bus = RedisBus(feed, redis)
    await bus.start()
    stack.push_async_callback(bus.close)
    return bus


async def _tell_others(
    redis: RedisConnection, fleet: Fleet, directory: Directory, sessions: Sessions, stack: AsyncExitStack
) -> None:
    """Of what this process changes in the registry, and which devices it hears; and hear the same of them."""
    elsewhere = Elsewhere(fleet.identities, directory, fleet.registry, fleet.tokens, sessions)
    notices = RedisNotices(redis, elsewhere)
    fleet.registry.on_change(notices.device_changed)
    fleet.tokens.on_change(notices.token_revoked)
    await notices.start()
    stack.push_async_callback(notices.close)
    exchange = PresenceExchange(fleet.presence, RedisPresenceBoard(redis))
    await exchange.start()
    stack.push_async_callback(exchange.close)


def _metrics(telemetry: Telemetry, sessions: Sessions, member: Member) -> Metrics:
    bus = telemetry.bus
    gauges: dict[str, tuple[str, Callable[[], float]]] = {
        "iotflow_worker": ("The number of the process that tells these figures.", lambda: member.number),
        "iotflow_ingest_waiting_bytes": ("Bytes waiting for the store.", lambda: telemetry.ingest.waiting_bytes),
        "iotflow_open_streams": ("Streams open now.", lambda: len(sessions)),
        "iotflow_subscribers": ("Live readers now.", lambda: telemetry.feed.subscribers),
        "iotflow_live_bus_degraded": ("1 while the line to other processes is down.", lambda: bus.state.degraded),
        "iotflow_live_bus_backlog_bytes": ("Bytes that wait for that line.", lambda: bus.state.backlog_bytes),
        "iotflow_live_bus_dropped_readings": ("Readings it has lost.", lambda: bus.state.dropped),
    }
    if latest := telemetry.latest:
        gauges["iotflow_latest_hits"] = ("Devices whose newest values were remembered.", lambda: latest.hits)
        gauges["iotflow_latest_misses"] = (
            "Devices whose newest values the store was asked for.",
            lambda: latest.misses,
        )
    return Metrics(telemetry.tally, gauges, lambda: telemetry.store.journal)


async def _parts(settings: Settings, member: Member, stack: AsyncExitStack) -> Parts:
    fleet = await _fleet(settings, stack)
    redis = _redis(settings, stack)
    telemetry = await _telemetry(settings, member, redis, fleet, stack)
    sessions = Sessions()
    if redis is not None:
        await _tell_others(redis, fleet, telemetry.intake.directory, sessions, stack)
    metrics = _metrics(telemetry, sessions, member)
    broker = Broker(settings.mqtt_host, settings.mqtt_port, settings.mqtt_topic_prefix)
    encoder = DeviceEncoder(fleet.presence, timedelta(seconds=settings.online_window_seconds))
    checks: dict[str, Check] = {
        "database": fleet.database.check,
        "telemetry_store": telemetry.store.check,
        "ingest": telemetry.ingest.check,
    }
    return Parts(
        store=telemetry.store,
        sessions=sessions,
        layers=_layers(settings, fleet.identities, metrics),
        devices=_device_service(settings, fleet, telemetry, sessions, encoder, broker),
        telemetry=_telemetry_service(settings, fleet, telemetry, sessions),
        admin=_admin_service(fleet, telemetry, sessions, encoder),
        system=SystemService(checks, metrics, sessions, broker),
    )


def _device_service(
    settings: Settings, fleet: Fleet, telemetry: Telemetry, sessions: Sessions, encoder: DeviceEncoder, broker: Broker
) -> DeviceService:
    return DeviceService(
        fleet.registry,
        fleet.commands,
        fleet.desired,
        fleet.audit,
        fleet.presence,
        encoder,
        telemetry.store,
        sessions,
        Registration(settings.registration),
        timedelta(seconds=settings.key_grace_seconds),
        broker,
    )


def _telemetry_service(settings: Settings, fleet: Fleet, telemetry: Telemetry, sessions: Sessions) -> TelemetryService:
    streams = Streams(sessions, settings.stream_window, settings.heartbeat_seconds)
    return TelemetryService(
        telemetry.store,
        telemetry.intake,
        telemetry.feed,
        fleet.registry,
        fleet.audit,
        streams,
        location_of(settings.telemetry_url),
    )


def _admin_service(fleet: Fleet, telemetry: Telemetry, sessions: Sessions, encoder: DeviceEncoder) -> AdminService:
    figures = FleetFigures(
        Figures(fleet.database),
        fleet.tokens,
        fleet.commands,
        fleet.presence,
        encoder,
        telemetry.tally,
        telemetry.feed,
        sessions,
    )
    return AdminService(
        fleet.registry,
        fleet.commands,
        fleet.desired,
        fleet.tokens,
        fleet.audit,
        fleet.presence,
        encoder,
        telemetry.store,
        sessions,
        figures,
    )


def _layers(settings: Settings, identities: Identities, metrics: Metrics) -> list[Layer]:
    """Outermost first."""
    limits = [RateLimits(Buckets(settings.rate_limit_per_minute))] if settings.rate_limit_per_minute else []
    return [
        Errors(),
        CallMetrics(metrics.calls),
        Logging(),
        Identity(identities, open_to(public_reads=settings.public_reads)),
        *limits,
        Validation(),
    ]


def _add_services(server: grpc.aio.Server, parts: Parts) -> None:
    device_service_pb2_grpc.add_DeviceServiceServicer_to_server(parts.devices, server)
    telemetry_service_pb2_grpc.add_TelemetryServiceServicer_to_server(parts.telemetry, server)
    admin_service_pb2_grpc.add_AdminServiceServicer_to_server(parts.admin, server)
    system_service_pb2_grpc.add_SystemServiceServicer_to_server(parts.system, server)
