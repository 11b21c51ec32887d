"""TelemetryService: each RPC hands over to the part that does it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from google.api.httpbody_pb2 import HttpBody

from iotflow.v1 import telemetry_pb2, telemetry_service_pb2, telemetry_service_pb2_grpc
from iotflow_server.audit import Audit
from iotflow_server.devices.registry import Registry
from iotflow_server.interceptors.call_context import principal_of
from iotflow_server.interceptors.middleware import AbortMarker, Context
from iotflow_server.rpc.codec.wire_values import timestamp_ms
from iotflow_server.rpc.http_status import answer_with
from iotflow_server.rpc.streams.abort_mid_stream import abort_mid_stream
from iotflow_server.rpc.streams.sessions import Sessions
from iotflow_server.rpc.system.diagnostics import Diagnostics
from iotflow_server.rpc.system.store_status import store_status
from iotflow_server.rpc.telemetry import live_events
from iotflow_server.rpc.telemetry.aggregate import AggregateHandler
from iotflow_server.rpc.telemetry.export import ExportHandler
from iotflow_server.rpc.telemetry.query import QueryHandler, span
from iotflow_server.rpc.telemetry.replays import Replays
from iotflow_server.rpc.telemetry.stream import TelemetryStream
from iotflow_server.rpc.telemetry.submit import SubmitHandler
from iotflow_server.telemetry.intake import Intake
from iotflow_server.telemetry.live import LiveFeed
from iotflow_server.telemetry.ports import ManagedWriter, TelemetryReader
from iotflow_server.telemetry.stores.choice import Location
from iotflow_server.telemetry.times import utc_now_ms

wire = telemetry_service_pb2


@dataclass(frozen=True, slots=True)
class Streams:
    """How streams behave. window: batches; heartbeat: seconds."""

    sessions: Sessions
    window: int
    heartbeat: float


class TelemetryService(telemetry_service_pb2_grpc.TelemetryServiceServicer):
    """See telemetry_service.proto for what each RPC promises."""

    def __init__(
        self,
        writer: ManagedWriter,
        reader: TelemetryReader,
        intake: Intake,
        feed: LiveFeed,
        registry: Registry,
        audit: Audit,
        streams: Streams,
        location: Location,
        diagnostics: Diagnostics,
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._intake = intake
        self._feed = feed
        self._registry = registry
        self._audit = audit
        self._streams = streams
        self._replays = Replays()
        self._location = location
        self._diagnostics = diagnostics
        self._submitting = SubmitHandler(intake)
        self._querying = QueryHandler(reader, registry, intake.directory)
        self._aggregating = AggregateHandler(reader, self._querying)
        self._exporting = ExportHandler(reader, self._querying)

    async def SubmitTelemetry(
        self, request: wire.SubmitTelemetryRequest, context: Context
    ) -> wire.SubmitTelemetryResponse:
        return await self._submitting.one(request, principal_of(context))

    async def SubmitReadings(
        self, request: wire.SubmitReadingsRequest, context: Context
    ) -> wire.SubmitReadingsResponse:
        return await self._submitting.many(request, principal_of(context))

    async def SubmitTelemetryJson(self, request: HttpBody, context: Context) -> wire.SubmitTelemetryResponse:
        response = await self._submitting.one(request, principal_of(context))
        await answer_with(context, 201)
        return response

    async def SubmitReadingsJson(self, request: HttpBody, context: Context) -> wire.SubmitReadingsResponse:
        return await self._submitting.many(request, principal_of(context))

    async def StreamTelemetry(
        self, request_iterator: AsyncIterator[telemetry_pb2.TelemetryBatch], context: Context
    ) -> AsyncIterator[wire.StreamTelemetryResponse]:
        async with self._streams.sessions.open(principal_of(context)) as session:
            stream = TelemetryStream(self._intake, session, self._streams.window)
            async for answer in stream.answers(request_iterator):
                yield answer

    async def GetTelemetry(self, request: wire.GetTelemetryRequest, context: Context) -> wire.GetTelemetryResponse:
        return await self._querying.newest(request, principal_of(context))

    async def GetTelemetryRange(
        self, request: wire.GetTelemetryRangeRequest, context: Context
    ) -> wire.GetTelemetryRangeResponse:
        return await self._querying.range(request, principal_of(context))

    async def GetLatestTelemetry(
        self, request: wire.GetLatestTelemetryRequest, context: Context
    ) -> wire.GetLatestTelemetryResponse:
        return await self._querying.latest(request, principal_of(context))

    async def ListLatestTelemetry(
        self, request: wire.ListLatestTelemetryRequest, context: Context
    ) -> wire.ListLatestTelemetryResponse:
        return await self._querying.latest_of_many(request, principal_of(context))

    async def AggregateTelemetry(
        self, request: wire.AggregateTelemetryRequest, context: Context
    ) -> wire.AggregateTelemetryResponse:
        return await self._aggregating.aggregate(request, principal_of(context))

    async def ReadTelemetry(
        self, request: wire.ReadTelemetryRequest, context: Context
    ) -> AsyncIterator[wire.ReadTelemetryResponse]:
        async with self._streams.sessions.open(principal_of(context)) as session:
            async for answer in live_events.read(request, session, self._reader, self._querying):
                yield answer

    async def SubscribeTelemetry(
        self, request: wire.SubscribeTelemetryRequest, context: Context
    ) -> AsyncIterator[wire.SubscribeTelemetryResponse]:
        async with self._streams.sessions.open(principal_of(context)) as session:
            live = live_events.LiveEvents(request, session, self._streams.heartbeat, self._replays)
            async for event in live.events(self._feed, self._reader, self._querying):
                yield event

    async def ExportTelemetry(
        self, request: wire.ExportTelemetryRequest, context: Context
    ) -> AsyncIterator[HttpBody | AbortMarker]:
        async with self._streams.sessions.open(principal_of(context)) as session:
            async for piece in abort_mid_stream(self._exporting.bodies(request, session, context), context):
                yield piece

    async def DeleteTelemetry(
        self, request: wire.DeleteTelemetryRequest, context: Context
    ) -> wire.DeleteTelemetryResponse:
        principal = principal_of(context)
        device = await self._querying.readable(request.device_id, principal)
        range_ = span(request.start_time, request.end_time, utc_now_ms())
        details = {"start": range_.start, "end": range_.end}
        await self._audit.record(principal.name, "telemetry.delete", f"device:{device.id}", details)
        await self._writer.delete(device.id, range_)
        return wire.DeleteTelemetryResponse(
            message=f"Telemetry data deleted for device {device.name}",
            device_id=device.id,
            start_time=timestamp_ms(range_.start),
            end_time=timestamp_ms(range_.end),
        )

    async def GetTelemetryStatus(
        self, _request: wire.GetTelemetryStatusRequest, context: Context
    ) -> wire.GetTelemetryStatusResponse:
        status = await store_status(self._writer, self._location, await self._registry.total())
        if not await self._diagnostics.allowed(context):
            # The rest is what clients of the older service read.
            status.ClearField("journal")
            status.ClearField("store")
        return status
