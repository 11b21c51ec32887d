"""TelemetryService: each RPC calls the handler of its capability."""

from collections.abc import AsyncIterator
from contextlib import aclosing

from google.api.httpbody_pb2 import HttpBody

from iotflow.v1 import telemetry_pb2, telemetry_service_pb2_grpc
from iotflow.v1 import telemetry_service_pb2 as wire
from iotflow_server.audit import Audit
from iotflow_server.auth.principal import Principal
from iotflow_server.interceptors.call_context import principal_of
from iotflow_server.interceptors.middleware import Context
from iotflow_server.interceptors.rest_responses import answer_with
from iotflow_server.interceptors.serialization import AbortMarker
from iotflow_server.rpc.codec.wire_values import timestamp_ms
from iotflow_server.rpc.telemetry.aggregate import AggregateHandler
from iotflow_server.rpc.telemetry.export import ExportHandler
from iotflow_server.rpc.telemetry.live import LiveHandler
from iotflow_server.rpc.telemetry.query import QueryHandler, parse_span
from iotflow_server.rpc.telemetry.status import StoreStatusHandler
from iotflow_server.rpc.telemetry.stream import TelemetryStreamHandler
from iotflow_server.rpc.telemetry.submit import SubmitHandler
from iotflow_server.telemetry.ports import TelemetryWriter
from iotflow_server.telemetry.times import utc_now_ms


class DeletionHandler:
    """Handles DeleteTelemetry. Each deletion is recorded in the audit log before it is executed."""

    def __init__(self, *, writer: TelemetryWriter, queries: QueryHandler, audit: Audit) -> None:
        self._writer = writer
        self._queries = queries
        self._audit = audit

    async def delete(self, request: wire.DeleteTelemetryRequest, principal: Principal) -> wire.DeleteTelemetryResponse:
        """DeleteTelemetry."""
        device = await self._queries.readable(request.device_id, principal)
        within = parse_span(request.start_time, request.end_time, utc_now_ms())
        details = {"start": within.start, "end": within.end}
        await self._audit.record(principal.name, "telemetry.delete", f"device:{device.id}", details)
        await self._writer.delete(device.id, within)
        return wire.DeleteTelemetryResponse(
            message=f"Telemetry data deleted for device {device.name}",
            device_id=device.id,
            start_time=timestamp_ms(within.start),
            end_time=timestamp_ms(within.end),
        )


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
