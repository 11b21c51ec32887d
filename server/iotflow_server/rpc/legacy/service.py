"""LegacyService: paths of the older service that clients in the field still use."""

import asyncio
import time

from iotflow.v1 import legacy_service_pb2, legacy_service_pb2_grpc
from iotflow_server import VERSION
from iotflow_server.compute_thread import run_in_compute_thread
from iotflow_server.devices.device import Device
from iotflow_server.devices.registry import Registry
from iotflow_server.devices.statistics import DeviceStatistics
from iotflow_server.errors import Unauthenticated, Unavailable
from iotflow_server.interceptors.call_context import principal_of
from iotflow_server.interceptors.middleware import Context
from iotflow_server.machine import Machine
from iotflow_server.presence.last_seen import LastSeen
from iotflow_server.presence.online import Online
from iotflow_server.rpc.codec.wire_values import timestamp_ms
from iotflow_server.rpc.http_status import answer_with
from iotflow_server.rpc.mqtt.advertised_broker import AdvertisedBroker
from iotflow_server.rpc.system.health_checks import HEALTHY, HealthChecks
from iotflow_server.rpc.telemetry.submit import SubmitHandler
from iotflow_server.telemetry.times import utc_now_ms

wire = legacy_service_pb2
DEFAULT_LIMIT = 100
# The older service's word for what stands in the place of it.
CHECKS = {"telemetry_store": "iotdb", "live_bus": "redis"}
ENDPOINTS = {
    "health": "/health",
    "devices": "/api/v1/devices",
    "telemetry": "/api/v1/telemetry",
    "admin": "/api/v1/admin",
    "mqtt": "/api/v1/mqtt",
}


class LegacyService(legacy_service_pb2_grpc.LegacyServiceServicer):
    """See legacy_service.proto for what each RPC promises."""

    def __init__(
        self,
        checks: HealthChecks,
        machine: Machine,
        registry: Registry,
        figures: DeviceStatistics,
        presence: LastSeen,
        online: Online,
        submitting: SubmitHandler,
        broker: AdvertisedBroker,
    ) -> None:
        self._checks = checks
        self._machine = machine
        self._registry = registry
        self._figures = figures
        self._presence = presence
        self._online = online
        self._submitting = submitting
        self._broker = broker
        self._began = time.monotonic()

    async def GetServiceInfo(
        self, _request: wire.GetServiceInfoRequest, _context: Context
    ) -> wire.GetServiceInfoResponse:
        return wire.GetServiceInfoResponse(
            name="IoTFlow",
            version=VERSION,
            description="Connectivity layer for IoT devices: REST, gRPC and MQTT",
            endpoints=ENDPOINTS,
            documentation="/api/docs",
        )

    async def GetSystemStatus(
        self, _request: wire.GetSystemStatusRequest, _context: Context
    ) -> wire.GetSystemStatusResponse:
        status, checks = await self._checks.run()
        named = {CHECKS.get(check.name, check.name): check for check in checks}
        return wire.GetSystemStatusResponse(
            status=status,
            timestamp=timestamp_ms(utc_now_ms()),
            checks={
                name: wire.StatusCheck(
                    healthy=check.status == HEALTHY,
                    status="connected" if check.status == HEALTHY else "disconnected",
                    message=check.message,
                )
                for name, check in named.items()
            },
            metrics=wire.StatusMetrics(
                system=await self._machine_figures(),
                application=wire.ApplicationFigures(
                    version=VERSION, uptime_seconds=round(time.monotonic() - self._began, 3)
                ),
                devices=await self._device_counts(),
            ),
            failed_checks=[name for name, check in named.items() if check.status != HEALTHY],
        )

    async def ListDeviceStatuses(
        self, request: wire.ListDeviceStatusesRequest, _context: Context
    ) -> wire.ListDeviceStatusesResponse:
        limit = request.limit or DEFAULT_LIMIT
        total, devices = await self._registry.slice(request.offset, limit)
        meta = wire.DeviceStatusesMeta(total=total, limit=limit, offset=request.offset)
        return await run_in_compute_thread(
            lambda: wire.ListDeviceStatusesResponse(devices=[self._in_short(device) for device in devices], meta=meta)
        )

    async def SubmitMqttTelemetryJson(
        self, request: wire.SubmitMqttTelemetryRequest, context: Context
    ) -> wire.SubmitMqttTelemetryResponse:
        device = principal_of(context).own_device()
        if device.id != request.device_id:
            raise Unauthenticated(
                "NOT_YOUR_DEVICE", f"This key is device {device.id}'s, not device {request.device_id}'s."
            )
        stored = await self._submitting.one(request.body, principal_of(context))
        await answer_with(context, 201)
        return wire.SubmitMqttTelemetryResponse(
            message="Telemetry data processed successfully",
            device_id=device.id,
            device_name=device.name,
            topic=self._broker.credentials(device.id).topics.telemetry_publish,
            timestamp=stored.timestamp,
        )

    def _in_short(self, device: Device) -> wire.DeviceInShort:
        return wire.DeviceInShort(
            id=device.id,
            name=device.name,
            device_type=device.device_type,
            status=device.status,
            is_online=self._online.is_online(device),
        )

    async def _machine_figures(self) -> wire.MachineFigures:
        found = await asyncio.to_thread(self._machine.figures)
        return wire.MachineFigures(
            cpu_percent=found.cpu_percent,
            memory_percent=found.memory_percent,
            memory_available_mb=found.memory_available_mb,
            disk_usage_percent=found.disk_usage_percent,
            load_average=found.load,
        )

    async def _device_counts(self) -> wire.StatusDeviceCounts | None:
        """None: the registry is away, which the checks tell."""
        try:
            # What was heard in the last moments is in memory only.
            await self._presence.flush()
            by_status = await self._figures.by_status()
            total, online = sum(by_status.values()), await self._figures.online(self._online.since)
        except Unavailable:
            return None
        return wire.StatusDeviceCounts(
            total_devices=total,
            active_devices=by_status["active"],
            online_devices=online,
            offline_devices=total - online,
        )
