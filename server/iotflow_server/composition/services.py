"""The services and what stands around them."""

from collections.abc import Callable

from iotflow_server.auth.identities import Identities
from iotflow_server.auth.permissions import READS, SUBSCRIPTIONS, permissions
from iotflow_server.composition.fleet import Fleet
from iotflow_server.composition.telemetry import Telemetry
from iotflow_server.devices.statistics import DeviceStatistics
from iotflow_server.interceptors.authentication import Authentication
from iotflow_server.interceptors.errors import Errors
from iotflow_server.interceptors.initial_metadata import InitialMetadata
from iotflow_server.interceptors.logging import Logging
from iotflow_server.interceptors.metrics import CallMetrics
from iotflow_server.interceptors.middleware import Middleware
from iotflow_server.interceptors.peer_addresses import PeerAddresses
from iotflow_server.interceptors.rate_limits import Buckets, RateLimits
from iotflow_server.interceptors.stream_limits import StreamLimit, StreamLimits
from iotflow_server.interceptors.validation import Validation
from iotflow_server.interceptors.wrong_credentials import WrongCredentials
from iotflow_server.machine import Machine
from iotflow_server.metrics import Metrics
from iotflow_server.rpc.codec.wire_devices import DeviceEncoder
from iotflow_server.rpc.commands.own_commands import OwnCommandHandler
from iotflow_server.rpc.config.own_config import OwnConfigHandler
from iotflow_server.rpc.devices.keys import OwnKeyHandler
from iotflow_server.rpc.devices.registration import RegistrationHandler, RegistrationPolicy
from iotflow_server.rpc.devices.service import DeviceService
from iotflow_server.rpc.devices.state_reports import StateReportHandler
from iotflow_server.rpc.devices.status import StatusHandler
from iotflow_server.rpc.gateway.adapter_links import AdapterLinks
from iotflow_server.rpc.gateway.presence_reports import PresenceReports
from iotflow_server.rpc.gateway.service import GatewayService
from iotflow_server.rpc.legacy.service import LegacyService
from iotflow_server.rpc.mqtt.advertised_broker import AdvertisedBroker
from iotflow_server.rpc.streams.sessions import Sessions
from iotflow_server.rpc.system.diagnostics import Diagnostics
from iotflow_server.rpc.system.health_checks import HealthChecks
from iotflow_server.rpc.telemetry.service import Streams, TelemetryService
from iotflow_server.rpc.telemetry.submit import SubmitHandler
from iotflow_server.settings import Settings
from iotflow_server.telemetry.stores.choice import location_of
from iotflow_server.workers.member import Member


def device_service(
    settings: Settings,
    fleet: Fleet,
    telemetry: Telemetry,
    sessions: Sessions,
    encoder: DeviceEncoder,
    broker: AdvertisedBroker,
) -> DeviceService:
    """What a device says of itself and asks for."""
    registry, presence = fleet.registry, fleet.presence
    return DeviceService(
        registration=RegistrationHandler(registry=registry, policy=RegistrationPolicy(settings.registration)),
        status=StatusHandler(
            registry=registry, presence=presence, online=fleet.online, encoder=encoder, reader=telemetry.reader
        ),
        config=OwnConfigHandler(
            registry=registry,
            desired=fleet.desired,
            reports=StateReportHandler(registry, presence, encoder),
            presence=presence,
            sessions=sessions,
        ),
        keys=OwnKeyHandler(keys=fleet.keys, sessions=sessions),
        commands=OwnCommandHandler(commands=fleet.commands, presence=presence, sessions=sessions),
        broker=broker,
    )


def gateway_service(fleet: Fleet, sessions: Sessions, encoder: DeviceEncoder, links: AdapterLinks) -> GatewayService:
    """What gateways say and ask for devices."""
    return GatewayService(
        fleet.registry,
        fleet.commands,
        fleet.desired,
        fleet.presence,
        fleet.offers,
        PresenceReports(fleet.registry, fleet.presence, fleet.online, fleet.offers),
        StateReportHandler(fleet.registry, fleet.presence, encoder),
        sessions,
        links,
    )


def identity_of(settings: Settings, identities: Identities, addresses: PeerAddresses) -> Authentication:
    """What tells who calls."""
    open_to_roles = permissions(public_reads=settings.public_reads, public_diagnostics=settings.public_diagnostics)
    wrong = WrongCredentials(settings.wrong_credentials_limit, addresses)
    return Authentication(identities=identities, open_to=open_to_roles, wrong=wrong, addresses=addresses)


def telemetry_service(
    settings: Settings, fleet: Fleet, telemetry: Telemetry, sessions: Sessions, diagnostics: Diagnostics
) -> TelemetryService:
    """Readings in, readings out."""
    streams = Streams(sessions, settings.stream_window, settings.heartbeat_seconds)
    return TelemetryService(
        telemetry.writer,
        telemetry.reader,
        telemetry.intake,
        telemetry.feed,
        fleet.registry,
        fleet.audit,
        streams,
        location_of(settings.telemetry_url),
        diagnostics,
    )


def legacy_service(
    settings: Settings, fleet: Fleet, telemetry: Telemetry, checks: HealthChecks, broker: AdvertisedBroker
) -> LegacyService:
    """What clients of the older service ask for."""
    return LegacyService(
        checks,
        Machine(settings.data_dir),
        fleet.registry,
        DeviceStatistics(fleet.database),
        fleet.presence,
        fleet.online,
        SubmitHandler(telemetry.intake),
        broker,
    )


def layers(settings: Settings, identity: Authentication, metrics: Metrics) -> list[Middleware]:
    """Outermost first."""
    rate = settings.rate_limit_per_minute
    limits = [RateLimits(Buckets(rate))] if rate else []
    return [
        Errors(),
        CallMetrics(metrics.calls),
        Logging(),
        identity,
        *limits,
        stream_limits(settings),
        Validation(),
        InitialMetadata(),
    ]


def stream_limits(settings: Settings) -> StreamLimits:
    """Of each caller."""
    reads = StreamLimit(
        "READ_LIMIT", "reads and exports under way", settings.reads_per_caller, "IOTFLOW_READS_PER_CALLER"
    )
    live = StreamLimit(
        "SUBSCRIPTION_LIMIT",
        "live subscriptions",
        settings.subscriptions_per_caller,
        "IOTFLOW_SUBSCRIPTIONS_PER_CALLER",
    )
    others = StreamLimit("STREAM_LIMIT", "streams open", settings.streams_per_caller, "IOTFLOW_STREAMS_PER_CALLER")
    return StreamLimits(dict.fromkeys(READS, reads) | dict.fromkeys(SUBSCRIPTIONS, live), others)


def metrics_of(fleet: Fleet, telemetry: Telemetry, sessions: Sessions, member: Member) -> Metrics:
    """The metrics of this process."""
    bus = telemetry.bus
    gauges: dict[str, tuple[str, Callable[[], float]]] = {
        "iotflow_worker": ("Number of the worker process.", lambda: member.number),
        "iotflow_ingest_waiting_bytes": (
            "Size in bytes of the readings that wait for the store.",
            lambda: telemetry.ingest.waiting_bytes,
        ),
        "iotflow_open_streams": ("Open streams.", lambda: len(sessions)),
        "iotflow_devices_online": ("Devices that are online.", lambda: fleet.online.count),
        "iotflow_subscribers": ("Subscribers of the live feed.", lambda: telemetry.feed.subscribers),
        "iotflow_live_bus_degraded": (
            "1 while the live bus to other processes is unavailable.",
            lambda: bus.state.degraded,
        ),
        "iotflow_live_bus_backlog_bytes": (
            "Size in bytes of the readings that wait for the live bus.",
            lambda: bus.state.backlog_bytes,
        ),
        "iotflow_live_bus_dropped_readings": ("Readings lost on the live bus.", lambda: bus.state.dropped),
    }
    if latest := telemetry.latest:
        gauges["iotflow_latest_hits"] = ("Devices whose newest values were in the cache.", lambda: latest.hits)
        gauges["iotflow_latest_misses"] = (
            "Devices whose newest values were not in the cache.",
            lambda: latest.misses,
        )
    return Metrics(telemetry.tally, gauges, lambda: telemetry.writer.journal)
