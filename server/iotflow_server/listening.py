"""The addresses of the gRPC server, its options, and its orderly stop."""

import grpc
import structlog
from grpc_health.v1.health import aio as health

from iotflow_server.settings import Settings
from iotflow_server.streams.active_streams import ActiveStreams
from iotflow_server.workers.member import Member, socket_in
from iotflow_server.workers.port import PortTaken

PENDING_CALLS = 20_000

log = structlog.get_logger(__name__)


def options(settings: Settings, member: Member) -> list[tuple[str, int]]:
    """The options of the gRPC server."""
    return [
        # Two servers on one port would silently share the calls. The parent of a group reserves the port against others.
        ("grpc.so_reuseport", 0 if member.alone else 1),
        ("grpc.max_receive_message_length", settings.max_message_bytes),
        ("grpc.max_send_message_length", -1),
        # Long URLs are metadata too. A call beyond the second limit is rejected.
        ("grpc.max_metadata_size", 32_768),
        ("grpc.absolute_max_metadata_size", 131_072),
        # Calls that wait for the process. Beyond the first limit some are rejected at random, beyond the second all, as
        # CANCELLED. The defaults are 1,000 and 3,000, which a fleet reaches when it reconnects.
        ("grpc.server.max_pending_requests", PENDING_CALLS),
        ("grpc.server.max_pending_requests_hard_limit", 2 * PENDING_CALLS),
        # Devices in mobile networks ping often, which is not abuse.
        ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.keepalive_time_ms", round(settings.keepalive_seconds * 1_000)),
        ("grpc.keepalive_timeout_ms", round(settings.keepalive_timeout_seconds * 1_000)),
        # Silent streams are pinged for as long as they are open.
        ("grpc.http2.max_pings_without_data", 0),
        # The timeout above applies to connections that accept no data. The default of this one is a minute.
        ("grpc.http2.ping_timeout_ms", round(settings.keepalive_timeout_seconds * 1_000)),
    ]


def listen(server: grpc.aio.Server, settings: Settings, member: Member) -> int:
    """Listen, and return the port. Raises PortTaken."""
    port = _listen(server, f"{settings.grpc_host}:{settings.grpc_port}")
    if not member.alone:
        # Envoy balances calls over the workers. On the common port it would reach few of them.
        _listen(server, f"unix:{socket_in(settings.data_dir, member.number)}")
    return port


def _listen(server: grpc.aio.Server, address: str) -> int:
    try:
        return server.add_insecure_port(address)
    except RuntimeError:
        raise PortTaken(address) from None


async def drain(
    server: grpc.aio.Server, health_service: health.HealthServicer, active_streams: ActiveStreams, seconds: float
) -> None:
    """Let open calls finish, end the streams, and stop."""
    log.info("stopping", open_streams=len(active_streams), at_most_seconds=seconds)
    await health_service.enter_graceful_shutdown()
    await active_streams.drain(seconds)
    await server.stop(seconds)
