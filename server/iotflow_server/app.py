"""The composition root: the only place where components are selected and connected."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

import grpc
import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health

from iotflow.contract import services
from iotflow_server.auth.permissions import diagnostics_open_to
from iotflow_server.composition.cluster import buckets_of, redis_of, start_invalidations
from iotflow_server.composition.diagnostics import health_checks, metrics_of
from iotflow_server.composition.fleet import Fleet, started_fleet
from iotflow_server.composition.middleware import authentication, middleware
from iotflow_server.composition.services.registrations import AddToServer, SharedServices, registrations
from iotflow_server.composition.telemetry import started_telemetry
from iotflow_server.interceptors.authentication import Diagnostics
from iotflow_server.interceptors.call_context import PeerAddresses
from iotflow_server.interceptors.middleware import Middleware, MiddlewareChain
from iotflow_server.interceptors.rest_responses import with_json_numbers
from iotflow_server.interceptors.stalled_readers import ends_when_stalled
from iotflow_server.listening import drain, listen, options
from iotflow_server.mqtt.adapters import AdapterLinks
from iotflow_server.reflection import add_reflection
from iotflow_server.runtime_tuning import memory_trimmer
from iotflow_server.settings import Settings
from iotflow_server.streams.active_streams import ActiveStreams, StreamPresence
from iotflow_server.streams.credential_rechecks import CredentialRechecks
from iotflow_server.workers.member import ALONE, Member

log = structlog.get_logger(__name__)

SERVICES = tuple(service.full_name for service in services())


@asynccontextmanager
async def running_server(settings: Settings, member: Member = ALONE) -> AsyncIterator[int]:
    """Start the server and all its components; yield its port; on exit, drain and close them in reverse order.

    Running calls have settings.drain_seconds to finish; streams end with UNAVAILABLE. Raises PortTaken, Unavailable.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(memory_trimmer())
        components = await _components(settings, member, stack)
        watched = partial(ends_when_stalled, settings.write_timeout_seconds)
        server = grpc.aio.server(
            interceptors=[MiddlewareChain(components.middleware, shaped=with_json_numbers, watched=watched)],
            options=options(settings, member),
        )
        for add_to in components.services:
            add_to(server)
        health_service = health.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(health_service, server)
        add_reflection(server, (*SERVICES, health_pb2.DESCRIPTOR.services_by_name["Health"].full_name))
        port = listen(server, settings, member)
        await server.start()
        stack.push_async_callback(drain, server, health_service, components.active_streams, settings.drain_seconds)
        for name in ("", *SERVICES):
            await health_service.set(name, health_pb2.HealthCheckResponse.SERVING)
        log.info("serving", address=f"{settings.grpc_host}:{port}", store=components.store)
        yield port


@dataclass(frozen=True, slots=True)
class ServerComponents:
    """The components of the server. store: the name of the telemetry store."""

    store: str
    active_streams: ActiveStreams
    middleware: Sequence[Middleware]
    services: Sequence[AddToServer]


async def _components(settings: Settings, member: Member, stack: AsyncExitStack) -> ServerComponents:
    fleet = await started_fleet(settings, stack)
    redis = redis_of(settings, stack)
    telemetry = await started_telemetry(settings, member, redis, fleet, stack)
    active_streams, rechecks = await _started_streams(settings, fleet, stack)
    if redis is not None:
        await start_invalidations(redis, fleet, telemetry.device_ingest.device_cache, rechecks, stack)
    addresses = PeerAddresses(settings.envoy_secret.get_secret_value())
    buckets = buckets_of(redis, stack)
    authenticator = authentication(settings, fleet.access.identities, addresses, buckets)
    links = AdapterLinks()
    shared = SharedServices(
        active_streams=active_streams,
        diagnostics=Diagnostics(authenticator, diagnostics_open_to(public=settings.public_diagnostics)),
        checks=health_checks(settings, fleet, telemetry, active_streams, links),
        metrics=metrics_of(fleet, telemetry, active_streams, member),
        links=links,
    )
    return ServerComponents(
        store=telemetry.store.writer.name,
        active_streams=active_streams,
        middleware=middleware(settings, authenticator, shared.metrics, buckets),
        services=registrations(settings, fleet, telemetry, shared),
    )


async def _started_streams(
    settings: Settings, fleet: Fleet, stack: AsyncExitStack
) -> tuple[ActiveStreams, CredentialRechecks]:
    """The open streams, and the checks of their callers' credentials; closed with the stack."""
    active_streams = ActiveStreams()
    streams = StreamPresence(active_streams, fleet.presence.last_seen, settings.online_window_seconds / 3)
    await streams.start()
    stack.push_async_callback(streams.close)
    rechecks = CredentialRechecks(fleet.devices.registry, fleet.devices.keys, fleet.access.tokens, active_streams)
    await rechecks.start()
    stack.push_async_callback(rechecks.close)
    return active_streams, rechecks
