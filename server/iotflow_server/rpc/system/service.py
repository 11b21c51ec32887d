"""SystemService: health, metrics and the MQTT broker."""

import time

from google.api.httpbody_pb2 import HttpBody

from iotflow.v1 import mqtt_pb2, system_pb2, system_service_pb2, system_service_pb2_grpc
from iotflow.words import BrokerStatus
from iotflow_server import VERSION
from iotflow_server.health import DRAINING, HEALTHY, UNHEALTHY, CheckResult, HealthChecks
from iotflow_server.interceptors.authentication import Diagnostics
from iotflow_server.interceptors.middleware import Context
from iotflow_server.interceptors.rest_responses import answer_with
from iotflow_server.metrics import CONTENT_TYPE, Metrics
from iotflow_server.mqtt.adapters import RejectionCounts
from iotflow_server.rpc.codec.wire_values import timestamp_ms
from iotflow_server.rpc.mqtt.broker import AdvertisedBroker, BrokerProbe
from iotflow_server.telemetry.times import utc_now_ms

wire = system_service_pb2
# The port of MQTT with TLS, by convention.
MQTTS_PORT = 8883


class SystemService(system_service_pb2_grpc.SystemServiceServicer):
    """system_service.proto specifies each RPC."""

    def __init__(
        self,
        *,
        checks: HealthChecks,
        metrics: Metrics,
        broker: AdvertisedBroker,
        rejections: RejectionCounts,
        diagnostics: Diagnostics,
    ) -> None:
        self._checks = checks
        self._metrics = metrics
        self._broker = broker
        self._rejections = rejections
        self._diagnostics = diagnostics
        self._probe = BrokerProbe(broker.host, broker.port)
        self._started_at = time.monotonic()

    async def GetHealth(self, request: wire.GetHealthRequest, context: Context) -> wire.GetHealthResponse:
        if request.detailed:
            await self._diagnostics.require(context)
        status, checks = await self._checks.run()
        failed = [check.name for check in checks if check.status != HEALTHY]
        if status in (DRAINING, UNHEALTHY):
            await answer_with(context, 503)
        return wire.GetHealthResponse(
            status=status,
            message=f"Failed checks: {', '.join(failed)}" if failed else "IoTFlow is running",
            version=VERSION,
            timestamp=timestamp_ms(utc_now_ms()),
            uptime_seconds=round(time.monotonic() - self._started_at, 3),
            checks=[_message(check) for check in checks] if request.detailed else [],
        )

    async def GetMetrics(self, _request: wire.GetMetricsRequest, _context: Context) -> HttpBody:
        return HttpBody(content_type=CONTENT_TYPE, data=self._metrics.text())

    async def GetMqttStatus(self, _request: wire.GetMqttStatusRequest, _context: Context) -> wire.GetMqttStatusResponse:
        is_reachable = await self._probe.is_reachable()
        return wire.GetMqttStatusResponse(
            status=BrokerStatus.AVAILABLE if is_reachable else BrokerStatus.UNAVAILABLE,
            connected=is_reachable,
            host=self._broker.host,
            port=self._broker.port,
            broker_info=mqtt_pb2.BrokerInfo(
                host=self._broker.host,
                port=self._broker.port,
                connected=is_reachable,
                tls_enabled=self._broker.port == MQTTS_PORT,
            ),
            refused=self._rejections.counts,
        )


def _message(check: CheckResult) -> system_pb2.HealthCheck:
    return system_pb2.HealthCheck(name=check.name, status=check.status, message=check.message)
