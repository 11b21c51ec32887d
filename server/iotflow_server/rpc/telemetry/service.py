"""TelemetryService: passes each RPC to its handler."""

from collections.abc import AsyncIterator
from contextlib import aclosing

from google.api.httpbody_pb2 import HttpBody

from iotflow.v1 import telemetry_pb2, telemetry_service_pb2, telemetry_service_pb2_grpc
from iotflow_server.interceptors.call_context import principal_of
from iotflow_server.interceptors.middleware import AbortMarker, Context
from iotflow_server.rpc.http_status import answer_with
from iotflow_server.rpc.telemetry.aggregate import AggregateHandler
from iotflow_server.rpc.telemetry.deletions import DeletionHandler
from iotflow_server.rpc.telemetry.export import ExportHandler
from iotflow_server.rpc.telemetry.live import LiveHandler
from iotflow_server.rpc.telemetry.query import QueryHandler
from iotflow_server.rpc.telemetry.status import StoreStatusHandler
from iotflow_server.rpc.telemetry.stream import TelemetryStreamHandler
from iotflow_server.rpc.telemetry.submit import SubmitHandler

wire = telemetry_service_pb2


class TelemetryService(telemetry_service_pb2_grpc.TelemetryServiceServicer):
    """The RPCs are specified in telemetry_service.proto."""

    def __init__(
        self,
        *,
        submissions: SubmitHandler,
        streams: TelemetryStreamHandler,
        queries: QueryHandler,
        aggregates: AggregateHandler,
        exports: ExportHandler,
        live: LiveHandler,
        deletions: DeletionHandler,
        status: StoreStatusHandler,
    ) -> None:
        self._submissions = submissions
        self._streams = streams
        self._queries = queries
        self._aggregates = aggregates
        self._exports = exports
        self._live = live
        self._deletions = deletions
        self._status = status

    async def SubmitTelemetry(
        self, request: wire.SubmitTelemetryRequest, context: Context
    ) -> wire.SubmitTelemetryResponse:
        return await self._submissions.one(request, principal_of(context))

    async def SubmitReadings(
        self, request: wire.SubmitReadingsRequest, context: Context
    ) -> wire.SubmitReadingsResponse:
        return await self._submissions.many(request, principal_of(context))

    async def SubmitTelemetryJson(self, request: HttpBody, context: Context) -> wire.SubmitTelemetryResponse:
        response = await self._submissions.one(request, principal_of(context))
        await answer_with(context, 201)
        return response

    async def SubmitReadingsJson(self, request: HttpBody, context: Context) -> wire.SubmitReadingsResponse:
        return await self._submissions.many(request, principal_of(context))

    async def StreamTelemetry(
        self, request_iterator: AsyncIterator[telemetry_pb2.TelemetryBatch], context: Context
    ) -> AsyncIterator[wire.StreamTelemetryResponse]:
        async with aclosing(self._streams.stream(request_iterator, principal_of(context))) as responses:
            async for response in responses:
                yield response

    async def GetTelemetry(self, request: wire.GetTelemetryRequest, context: Context) -> wire.GetTelemetryResponse:
        return await self._queries.newest(request, principal_of(context))

    async def GetTelemetryRange(
        self, request: wire.GetTelemetryRangeRequest, context: Context
    ) -> wire.GetTelemetryRangeResponse:
        return await self._queries.range(request, principal_of(context))

    async def GetLatestTelemetry(
        self, request: wire.GetLatestTelemetryRequest, context: Context
    ) -> wire.GetLatestTelemetryResponse:
        return await self._queries.latest(request, principal_of(context))

    async def ListLatestTelemetry(
        self, request: wire.ListLatestTelemetryRequest, context: Context
    ) -> wire.ListLatestTelemetryResponse:
        return await self._queries.latest_of_many(request, principal_of(context))

    async def AggregateTelemetry(
        self, request: wire.AggregateTelemetryRequest, context: Context
    ) -> wire.AggregateTelemetryResponse:
        return await self._aggregates.aggregate(request, principal_of(context))

    async def ReadTelemetry(
        self, request: wire.ReadTelemetryRequest, context: Context
    ) -> AsyncIterator[wire.ReadTelemetryResponse]:
        async with aclosing(self._live.read(request, principal_of(context))) as responses:
            async for response in responses:
                yield response

    async def SubscribeTelemetry(
        self, request: wire.SubscribeTelemetryRequest, context: Context
    ) -> AsyncIterator[wire.SubscribeTelemetryResponse]:
        async with aclosing(self._live.subscribe(request, principal_of(context))) as events:
            async for event in events:
                yield event

    async def ExportTelemetry(
        self, request: wire.ExportTelemetryRequest, context: Context
    ) -> AsyncIterator[HttpBody | AbortMarker]:
        async with aclosing(self._exports.bodies(request, context)) as pieces:
            async for piece in pieces:
                yield piece

    async def DeleteTelemetry(
        self, request: wire.DeleteTelemetryRequest, context: Context
    ) -> wire.DeleteTelemetryResponse:
        return await self._deletions.delete(request, principal_of(context))

    async def GetTelemetryStatus(
        self, _request: wire.GetTelemetryStatusRequest, context: Context
    ) -> wire.GetTelemetryStatusResponse:
        return await self._status.status(context)
