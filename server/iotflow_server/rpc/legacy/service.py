"""LegacyService: the REST paths of the older service, which installed clients still use."""

from iotflow.v1 import legacy_pb2, legacy_service_pb2_grpc
from iotflow.v1 import legacy_service_pb2 as wire
from iotflow_server import VERSION
from iotflow_server.auth.principal import Principal
from iotflow_server.compute_thread import run_in_compute_thread
from iotflow_server.devices.device import Device
from iotflow_server.devices.registry import Registry
from iotflow_server.errors import Unauthenticated
from iotflow_server.interceptors.call_context import principal_of
from iotflow_server.interceptors.middleware import Context
from iotflow_server.interceptors.rest_responses import answer_with
from iotflow_server.presence.online import Online
from iotflow_server.rpc.legacy.system_status import SystemStatusHandler
from iotflow_server.rpc.mqtt.broker import AdvertisedBroker
from iotflow_server.rpc.telemetry.submit import SubmitHandler

# Devices in one response.
DEFAULT_LIMIT = 100
ENDPOINTS = {
    "health": "/health",
    "devices": "/api/v1/devices",
    "telemetry": "/api/v1/telemetry",
    "admin": "/api/v1/admin",
    "mqtt": "/api/v1/mqtt",
}


class DeviceStatusHandler:
    """Lists devices by id, with few fields."""

    def __init__(self, *, registry: Registry, online: Online) -> None:
        self._registry = registry
        self._online = online

    async def list(self, request: wire.ListDeviceStatusesRequest) -> wire.ListDeviceStatusesResponse:
        """ListDeviceStatuses."""
        limit = request.limit or DEFAULT_LIMIT
        total, devices = await self._registry.slice(request.offset, limit)
        meta = legacy_pb2.DeviceStatusesMeta(total=total, limit=limit, offset=request.offset)
        return await run_in_compute_thread(
            lambda: wire.ListDeviceStatusesResponse(devices=[self._short(device) for device in devices], meta=meta)
        )

    def _short(self, device: Device) -> legacy_pb2.DeviceSummary:
        return legacy_pb2.DeviceSummary(
            id=device.id,
            name=device.name,
            device_type=device.device_type,
            status=device.status,
            is_online=self._online.is_online(device),
        )


class MqttSubmissionHandler:
    """Stores a reading like SubmitTelemetryJson. The response has the equivalent MQTT topic."""

    def __init__(self, *, submissions: SubmitHandler, broker: AdvertisedBroker) -> None:
        self._submissions = submissions
        self._broker = broker

    async def submit(
        self, request: wire.SubmitMqttTelemetryRequest, principal: Principal
    ) -> wire.SubmitMqttTelemetryResponse:
        """SubmitMqttTelemetryJson."""
        device = principal.own_device()
        if device.id != request.device_id:
            raise Unauthenticated(
                "NOT_YOUR_DEVICE", f"This key is device {device.id}'s, not device {request.device_id}'s."
            )
        stored = await self._submissions.one(request.body, principal)
        return wire.SubmitMqttTelemetryResponse(
            message="Telemetry data processed successfully",
            device_id=device.id,
            device_name=device.name,
            topic=self._broker.credentials(device.id).topics.telemetry_publish,
            timestamp=stored.timestamp,
        )


class LegacyService(legacy_service_pb2_grpc.LegacyServiceServicer):
    """legacy_service.proto specifies each RPC."""

    def __init__(
        self, *, status: SystemStatusHandler, devices: DeviceStatusHandler, submissions: MqttSubmissionHandler
    ) -> None:
        self._status = status
        self._devices = devices
        self._submissions = submissions

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
        return await self._status.status()

    async def ListDeviceStatuses(
        self, request: wire.ListDeviceStatusesRequest, _context: Context
    ) -> wire.ListDeviceStatusesResponse:
        return await self._devices.list(request)

    async def SubmitMqttTelemetryJson(
        self, request: wire.SubmitMqttTelemetryRequest, context: Context
    ) -> wire.SubmitMqttTelemetryResponse:
        response = await self._submissions.submit(request, principal_of(context))
        await answer_with(context, 201)
        return response
