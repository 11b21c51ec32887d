"""LegacyService: REST paths of the older service that installed clients still use."""

from iotflow.v1 import legacy_service_pb2, legacy_service_pb2_grpc
from iotflow_server import VERSION
from iotflow_server.interceptors.call_context import principal_of
from iotflow_server.interceptors.middleware import Context
from iotflow_server.rpc.http_status import answer_with
from iotflow_server.rpc.legacy.device_statuses import DeviceStatusHandler
from iotflow_server.rpc.legacy.mqtt_submissions import MqttSubmissionHandler
from iotflow_server.rpc.legacy.system_status import SystemStatusHandler

wire = legacy_service_pb2
ENDPOINTS = {
    "health": "/health",
    "devices": "/api/v1/devices",
    "telemetry": "/api/v1/telemetry",
    "admin": "/api/v1/admin",
    "mqtt": "/api/v1/mqtt",
}


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
