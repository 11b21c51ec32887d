"""The composition root: the one place where parts are chosen and joined."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

import grpc
import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health

from iotflow.contract import services
from iotflow.v1 import (
    audit_service_pb2_grpc,
    command_service_pb2_grpc,
    config_service_pb2_grpc,
    device_service_pb2_grpc,
    fleet_service_pb2_grpc,
    gateway_service_pb2_grpc,
    legacy_service_pb2_grpc,
    mqtt_service_pb2_grpc,
    system_service_pb2_grpc,
    telemetry_service_pb2_grpc,
    token_service_pb2_grpc,
)
from iotflow_server.auth.permissions import diagnostics_open_to
from iotflow_server.composition.administration import (
    audit_service,
    command_service,
    config_service,
    fleet_service,
    token_service,
)
from iotflow_server.composition.fleet import started_fleet
from iotflow_server.composition.services import (
    device_service,
    gateway_service,
    identity_of,
    layers,
    legacy_service,
    metrics_of,
    telemetry_service,
)
from iotflow_server.composition.sharing import redis_of, tell_others
from iotflow_server.composition.telemetry import started_telemetry
from iotflow_server.interceptors.middleware import Middleware, MiddlewareChain
from iotflow_server.interceptors.peer_addresses import PeerAddresses
from iotflow_server.interceptors.stalled_readers import ends_when_stalled
from iotflow_server.listening import drain, listen, options
from iotflow_server.memory import given_back
from iotflow_server.reflection import add_reflection
from iotflow_server.rpc.audit.service import AuditService
from iotflow_server.rpc.codec.wire_devices import DeviceEncoder
from iotflow_server.rpc.commands.service import CommandService
from iotflow_server.rpc.config.service import ConfigService
from iotflow_server.rpc.devices.service import DeviceService
from iotflow_server.rpc.fleet.service import FleetService
from iotflow_server.rpc.gateway.adapter_links import AdapterLinks
from iotflow_server.rpc.gateway.service import GatewayService
from iotflow_server.rpc.legacy.service import LegacyService
from iotflow_server.rpc.mqtt.advertised_broker import AdvertisedBroker
from iotflow_server.rpc.mqtt.rejection_counts import MqttRefusals
from iotflow_server.rpc.mqtt.service import MqttService
from iotflow_server.rpc.streams.open_streams import OpenStreams
from iotflow_server.rpc.streams.session_checks import SessionChecks
from iotflow_server.rpc.streams.sessions import Sessions
from iotflow_server.rpc.system.diagnostics import Diagnostics
from iotflow_server.rpc.system.health_checks import Check, HealthChecks
from iotflow_server.rpc.system.parts_down import PartsDown
from iotflow_server.rpc.system.service import SystemService
from iotflow_server.rpc.telemetry.service import TelemetryService
from iotflow_server.rpc.tokens.service import TokenService
from iotflow_server.settings import Settings
from iotflow_server.telemetry.ports import ManagedWriter
from iotflow_server.workers.member import ALONE, Member

log = structlog.get_logger(__name__)

SERVICES = tuple(service.full_name for service in services())


@asynccontextmanager
async def running_server(settings: Settings, member: Member = ALONE) -> AsyncIterator[int]:
    """The port of a server that answers: everything started, in the order of need; on leaving, drained and closed in the reverse order.

    Calls under way have settings.drain_seconds to finish; streams end with UNAVAILABLE. Raises PortTaken, Unavailable.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(given_back())
        parts = await _parts(settings, member, stack)
        watched = partial(ends_when_stalled, settings.write_timeout_seconds)
        server = grpc.aio.server(
            interceptors=[MiddlewareChain(parts.layers, watched)], options=options(settings, member)
        )
        _add_services(server, parts)
        checkup = health.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(checkup, server)
        add_reflection(server, (*SERVICES, health_pb2.DESCRIPTOR.services_by_name["Health"].full_name))
        port = listen(server, settings, member)
        await server.start()
        stack.push_async_callback(drain, server, checkup, parts.sessions, settings.drain_seconds)
        for name in ("", *SERVICES):
            await checkup.set(name, health_pb2.HealthCheckResponse.SERVING)
        log.info("serving", address=f"{settings.grpc_host}:{port}", store=parts.writer.name)
        yield port


@dataclass(frozen=True, slots=True)
class Parts:
    """What the server is put together from."""

    writer: ManagedWriter
    sessions: Sessions
    layers: Sequence[Middleware]
    devices: DeviceService
    telemetry: TelemetryService
    fleet: FleetService
    commands: CommandService
    config: ConfigService
    tokens: TokenService
    audit: AuditService
    gateway: GatewayService
    mqtt: MqttService
    system: SystemService
    legacy: LegacyService


async def _parts(settings: Settings, member: Member, stack: AsyncExitStack) -> Parts:
    fleet = await started_fleet(settings, stack)
    redis = redis_of(settings, stack)
    telemetry = await started_telemetry(settings, member, redis, fleet, stack)
    sessions = Sessions()
    streams = OpenStreams(sessions, fleet.presence, settings.online_window_seconds / 3)
    await streams.start()
    stack.push_async_callback(streams.close)
    session_checks = SessionChecks(fleet.registry, fleet.keys, fleet.tokens, sessions)
    await session_checks.start()
    stack.push_async_callback(session_checks.close)
    if redis is not None:
        await tell_others(redis, fleet, telemetry.intake.directory, session_checks, stack)
    metrics = metrics_of(fleet, telemetry, sessions, member)
    broker = AdvertisedBroker(settings.mqtt_host, settings.mqtt_port, settings.mqtt_topic_prefix)
    mqtt_refusals = MqttRefusals()
    encoder = DeviceEncoder(fleet.presence, fleet.online)
    addresses = PeerAddresses(settings.envoy_secret.get_secret_value())
    identity = identity_of(settings, fleet.identities, addresses)
    diagnostics = Diagnostics(identity, diagnostics_open_to(public=settings.public_diagnostics))
    looks: dict[str, Check] = {
        "database": fleet.database.check,
        "telemetry_store": telemetry.writer.check,
        "ingest": telemetry.ingest.check,
        "live_bus": telemetry.bus.check,
    }
    links = AdapterLinks()
    beside: dict[str, Check] = {"parts": PartsDown(settings.parts_file).check, "mqtt": links.check}
    checks = HealthChecks(looks, beside, sessions)
    return Parts(
        writer=telemetry.writer,
        sessions=sessions,
        layers=layers(settings, identity, metrics),
        devices=device_service(settings, fleet, telemetry, sessions, encoder, broker),
        telemetry=telemetry_service(settings, fleet, telemetry, sessions, diagnostics),
        fleet=fleet_service(fleet, telemetry, sessions, encoder),
        commands=command_service(fleet, sessions, settings.heartbeat_seconds),
        config=config_service(fleet),
        tokens=token_service(fleet, sessions),
        audit=audit_service(fleet),
        mqtt=MqttService(
            fleet.registry,
            fleet.identities,
            fleet.accounts,
            sessions,
            mqtt_refusals,
            settings.mqtt_topic_prefix,
            links,
            anonymous=settings.mqtt_anonymous,
        ),
        gateway=gateway_service(fleet, sessions, encoder, links),
        system=SystemService(checks, metrics, broker, mqtt_refusals, diagnostics),
        legacy=legacy_service(settings, fleet, telemetry, checks, broker),
    )


def _add_services(server: grpc.aio.Server, parts: Parts) -> None:
    device_service_pb2_grpc.add_DeviceServiceServicer_to_server(parts.devices, server)
    telemetry_service_pb2_grpc.add_TelemetryServiceServicer_to_server(parts.telemetry, server)
    fleet_service_pb2_grpc.add_FleetServiceServicer_to_server(parts.fleet, server)
    command_service_pb2_grpc.add_CommandServiceServicer_to_server(parts.commands, server)
    config_service_pb2_grpc.add_ConfigServiceServicer_to_server(parts.config, server)
    token_service_pb2_grpc.add_TokenServiceServicer_to_server(parts.tokens, server)
    audit_service_pb2_grpc.add_AuditServiceServicer_to_server(parts.audit, server)
    gateway_service_pb2_grpc.add_GatewayServiceServicer_to_server(parts.gateway, server)
    mqtt_service_pb2_grpc.add_MqttServiceServicer_to_server(parts.mqtt, server)
    system_service_pb2_grpc.add_SystemServiceServicer_to_server(parts.system, server)
    legacy_service_pb2_grpc.add_LegacyServiceServicer_to_server(parts.legacy, server)
