"""FleetService: administration of devices. Each RPC calls the handler of its capability."""

from collections.abc import AsyncIterator
from contextlib import aclosing

from iotflow.v1 import fleet_service_pb2, fleet_service_pb2_grpc
from iotflow_server.interceptors.call_context import principal_of
from iotflow_server.interceptors.middleware import Context
from iotflow_server.rpc.fleet.device_changes import DeviceChangeHandler, KeyResetHandler
from iotflow_server.rpc.fleet.device_imports import DeviceImportHandler
from iotflow_server.rpc.fleet.device_queries import DeviceQueryHandler
from iotflow_server.rpc.fleet.measurements import MeasurementHandler
from iotflow_server.rpc.fleet.statistics import FleetStatistics

wire = fleet_service_pb2


class FleetService(fleet_service_pb2_grpc.FleetServiceServicer):
    """fleet_service.proto specifies each RPC."""

    def __init__(
        self,
        *,
        queries: DeviceQueryHandler,
        changes: DeviceChangeHandler,
        key_resets: KeyResetHandler,
        imports: DeviceImportHandler,
        measurements: MeasurementHandler,
        statistics: FleetStatistics,
    ) -> None:
        self._queries = queries
        self._changes = changes
        self._key_resets = key_resets
        self._imports = imports
        self._measurements = measurements
        self._statistics = statistics

    async def ListDevices(self, request: wire.ListDevicesRequest, _context: Context) -> wire.ListDevicesResponse:
        return await self._queries.list(request)

    async def GetDevice(self, request: wire.GetDeviceRequest, context: Context) -> wire.GetDeviceResponse:
        return await self._queries.get(request, principal_of(context))

    async def UpdateDevice(self, request: wire.UpdateDeviceRequest, context: Context) -> wire.UpdateDeviceResponse:
        return await self._changes.update(request, principal_of(context))

    async def DeleteDevice(self, request: wire.DeleteDeviceRequest, context: Context) -> wire.DeleteDeviceResponse:
        return await self._changes.delete(request, principal_of(context))

    async def SetDeviceStatus(
        self, request: wire.SetDeviceStatusRequest, context: Context
    ) -> wire.SetDeviceStatusResponse:
        return await self._changes.set_status(request, principal_of(context))

    async def ResetDeviceKey(
        self, request: wire.ResetDeviceKeyRequest, context: Context
    ) -> wire.ResetDeviceKeyResponse:
        return await self._key_resets.reset(request, principal_of(context))

    async def ResetDeviceKeyJson(
        self, request: wire.ResetDeviceKeyJsonRequest, context: Context
    ) -> wire.ResetDeviceKeyResponse:
        return await self._key_resets.reset_in_json(request, principal_of(context))

    async def ImportDevices(
        self, request_iterator: AsyncIterator[wire.ImportDevicesRequest], context: Context
    ) -> AsyncIterator[wire.ImportDevicesResponse]:
        async with aclosing(self._imports.stream(request_iterator, principal_of(context))) as responses:
            async for response in responses:
                yield response

    async def ListMeasurements(
        self, request: wire.ListMeasurementsRequest, context: Context
    ) -> wire.ListMeasurementsResponse:
        return await self._measurements.list(request, principal_of(context))

    async def DropMeasurement(
        self, request: wire.DropMeasurementRequest, context: Context
    ) -> wire.DropMeasurementResponse:
        return await self._measurements.drop(request, principal_of(context))

    async def RetypeMeasurement(
        self, request: wire.RetypeMeasurementRequest, context: Context
    ) -> wire.RetypeMeasurementResponse:
        return await self._measurements.retype(request, principal_of(context))

    async def GetDashboard(self, _request: wire.GetDashboardRequest, _context: Context) -> wire.GetDashboardResponse:
        return await self._statistics.dashboard()

    async def GetAnalytics(self, _request: wire.GetAnalyticsRequest, _context: Context) -> wire.GetAnalyticsResponse:
        return await self._statistics.analytics()

    async def GetStats(self, _request: wire.GetStatsRequest, _context: Context) -> wire.GetStatsResponse:
        return await self._statistics.stats()
