"""ExportTelemetry: readings as a file, streamed in pieces."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from google.api.httpbody_pb2 import HttpBody

from iotflow.v1 import telemetry_service_pb2
from iotflow_server.auth.principal import Principal
from iotflow_server.compute_thread import run_in_compute_thread
from iotflow_server.devices.device import Device
from iotflow_server.errors import InvalidArgument
from iotflow_server.interceptors.call_context import principal_of
from iotflow_server.interceptors.middleware import Context
from iotflow_server.interceptors.rest_responses import abort_mid_stream, from_rest
from iotflow_server.interceptors.serialization import AbortMarker
from iotflow_server.rpc.telemetry.query import QueryHandler, field_names, parse_span
from iotflow_server.streams.active_streams import ActiveStream, ActiveStreams
from iotflow_server.telemetry.batch import Batch, ValueType
from iotflow_server.telemetry.export import FORMATS, SAFE_CSV, Columns, Export, Format, prefetched, widen
from iotflow_server.telemetry.ports import Span, TelemetryReader
from iotflow_server.telemetry.times import utc_now_ms

# Columns of a file. Each row has a cell in every column, regardless of its device.
MOST_COLUMNS = 5_000

Request = telemetry_service_pb2.ExportTelemetryRequest


class ExportHandler:
    """Handles ExportTelemetry. A slow client also slows down the read from the store: at most one chunk of readings is buffered."""

    def __init__(self, *, reader: TelemetryReader, queries: QueryHandler, active_streams: ActiveStreams) -> None:
        self._reader = reader
        self._queries = queries
        self._active_streams = active_streams

    async def bodies(self, request: Request, context: Context) -> AsyncGenerator[HttpBody | AbortMarker]:
        """ExportTelemetry."""
        async with self._active_streams.open(principal_of(context)) as active_stream:
            async for piece in abort_mid_stream(self._bodies(request, active_stream, context), context):
                yield piece

    async def _bodies(self, request: Request, active_stream: ActiveStream, context: Context) -> AsyncIterator[HttpBody]:
        """The pieces of the file. Over REST, headers with its name precede them.

        If the export fails before the first piece, nothing is sent.
        """
        format_ = _format(request)
        begun = not from_rest(context)
        async for piece in self._pieces(format_, request, active_stream):
            if not begun:
                name = f'attachment; filename="telemetry.{format_.suffix}"'
                await context.send_initial_metadata((("content-disposition", name),))
                begun = True
            yield HttpBody(content_type=format_.content_type, data=piece)

    async def _pieces(self, format_: Format, request: Request, active_stream: ActiveStream) -> AsyncIterator[bytes]:
        within = parse_span(request.start_time, request.end_time, utc_now_ms())
        export = Export(format_, Columns(await self._types(request, active_stream), field_names(request.fields)))
        async with aclosing(
            prefetched(self._readings(request, active_stream.principal, within, export.chunk_rows))
        ) as readings:
            async for device, chunk in readings:
                check(active_stream)
                for piece in await run_in_compute_thread(export.add, device, chunk):
                    check(active_stream)
                    yield piece
        for piece in await run_in_compute_thread(export.finish):
            check(active_stream)
            yield piece

    async def _readings(
        self, request: Request, principal: Principal, within: Span, rows: int
    ) -> AsyncGenerator[tuple[Device, Batch]]:
        caller = principal.limit_key
        async for device in self._queries.iter_readable_devices(request.device_ids, [], principal):
            async with aclosing(
                self._reader.read(device.id, within, field_names(request.fields), chunk_rows=rows, caller=caller)
            ) as reading:
                async for chunk in reading:
                    yield device, chunk

    async def _types(self, request: Request, active_stream: ActiveStream) -> dict[str, ValueType]:
        """The column types by measurement, over all requested devices. Raises InvalidArgument if there are too many columns."""
        types: dict[str, ValueType] = {}
        fields = field_names(request.fields)
        async for device in self._queries.iter_readable_devices(request.device_ids, [], active_stream.principal):
            check(active_stream)
            own = await self._reader.measurements(device.id, caller=active_stream.principal.limit_key)
            widen(types, own if fields is None else {name: own[name] for name in fields if name in own})
            if len(types) > MOST_COLUMNS:
                problem = (
                    f"The file would have more than {MOST_COLUMNS:,} columns, one for each measurement of the devices."
                    " Request fewer devices or fields."
                )
                raise InvalidArgument("fields", problem, "TOO_MANY_COLUMNS")
        return types


def _format(request: Request) -> Format:
    name = request.format or "csv"
    if not request.spreadsheet_safe:
        return FORMATS[name]
    if name != "csv":
        raise InvalidArgument("safe", f"The field is for csv only. Spreadsheets do not interpret formulas in {name}.")
    return SAFE_CSV


def check(active_stream: ActiveStream) -> None:
    """Raise the error that the stream is to end with, if any."""
    if active_stream.end_error:
        raise active_stream.end_error
