"""SystemService: how the server itself is."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from google.api.httpbody_pb2 import HttpBody

from iotflow.v1 import system_service_pb2, system_service_pb2_grpc
from iotflow_server import VERSION
from iotflow_server.errors import Unavailable
from iotflow_server.interceptors.behaviours import Context
from iotflow_server.metrics import CONTENT_TYPE, Metrics
from iotflow_server.rpc.broker import Broker
from iotflow_server.rpc.broker_probe import BrokerProbe
from iotflow_server.rpc.http_status import answer_with
from iotflow_server.rpc.sessions import Sessions
from iotflow_server.rpc.wire_values import timestamp_ms
from iotflow_server.telemetry.times import utc_now_ms

wire = system_service_pb2
# What is not as it should be, as a sentence; empty: nothing. Raises Unavailable where the part cannot do its work.
Check = Callable[[], Awaitable[str]]
# A part that needs longer is as good as away.
CHECK_SECONDS = 5.0
HEALTHY, DEGRADED, UNHEALTHY, DRAINING = "healthy", "degraded", "unhealthy", "draining"
# The worse one comes first.
BY_GRAVITY = (UNHEALTHY, DEGRADED)


class SystemService(system_service_pb2_grpc.SystemServiceServicer):
    """checks: by name, in the order in which they are shown. parts: of what runs beside this server, shown while it fails."""

    def __init__(
        self, checks: dict[str, Check], parts: Check, metrics: Metrics, sessions: Sessions, broker: Broker
    ) -> None:
        self._checks = checks
        self._parts = parts
        self._metrics = metrics
        self._sessions = sessions
        self._broker = broker
        self._probe = BrokerProbe(broker.host, broker.port)
        self._began = time.monotonic()

    async def GetHealth(self, request: wire.GetHealthRequest, context: Context) -> wire.GetHealthResponse:
        looks = [_checked(name, check) for name, check in self._checks.items()]
        *checks, parts = await asyncio.gather(*looks, _checked("parts", self._parts))
        if parts.status != HEALTHY:
            checks.append(parts)
        failed = [check.name for check in checks if check.status != HEALTHY]
        found = {check.status for check in checks}
        worst = next((status for status in BY_GRAVITY if status in found), HEALTHY)
        status = DRAINING if self._sessions.draining else worst
        if status in (DRAINING, UNHEALTHY):
            await answer_with(context, 503)
        return wire.GetHealthResponse(
            status=status,
            message=f"not well: {', '.join(failed)}" if failed else "IoTFlow is running",
            version=VERSION,
            timestamp=timestamp_ms(utc_now_ms()),
            uptime_seconds=round(time.monotonic() - self._began, 3),
            checks=checks if request.detailed else [],
        )

    async def GetMetrics(self, _request: wire.GetMetricsRequest, _context: Context) -> HttpBody:
        return HttpBody(content_type=CONTENT_TYPE, data=self._metrics.text())

    async def GetMqttStatus(self, _request: wire.GetMqttStatusRequest, _context: Context) -> wire.GetMqttStatusResponse:
        is_reachable = await self._probe.is_reachable()
        return wire.GetMqttStatusResponse(
            status="available" if is_reachable else "unavailable",
            connected=is_reachable,
            host=self._broker.host,
            port=self._broker.port,
        )


async def _checked(name: str, check: Check) -> wire.HealthCheck:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            trouble = await check()
    except TimeoutError:
        return wire.HealthCheck(name=name, status=UNHEALTHY, message=f"no answer in {CHECK_SECONDS:g} seconds")
    except Unavailable as refusal:
        return wire.HealthCheck(name=name, status=UNHEALTHY, message=refusal.message)
    return wire.HealthCheck(name=name, status=DEGRADED if trouble else HEALTHY, message=trouble)
