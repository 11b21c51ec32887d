"""ExportTelemetry: readings as a file, a piece at a time."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from google.api.httpbody_pb2 import HttpBody

from iotflow.v1 import telemetry_service_pb2
from iotflow_server.auth.principal import Principal
from iotflow_server.compute_thread import run_in_compute_thread
from iotflow_server.devices.device import Device
from iotflow_server.errors import InvalidArgument
from iotflow_server.interceptors.call_context import principal_of
from iotflow_server.interceptors.middleware import AbortMarker, Context
from iotflow_server.rpc.http_status import from_rest
from iotflow_server.rpc.streams.abort_mid_stream import abort_mid_stream
from iotflow_server.rpc.streams.sessions import Session, Sessions
from iotflow_server.rpc.telemetry.query import QueryHandler, names, span
from iotflow_server.telemetry.batch import Batch, ValueType
from iotflow_server.telemetry.export import FORMATS, SAFE_CSV, Columns, Export, Format, prefetched, widen
from iotflow_server.telemetry.ports import Span, TelemetryReader
from iotflow_server.telemetry.times import utc_now_ms

# Of a file: a row of any device has a cell in each.
MOST_COLUMNS = 5_000

Request = telemetry_service_pb2.ExportTelemetryRequest


class ExportHandler:
    """Whoever takes the pieces slowly holds up the reading too: no more than a chunk of readings waits."""

    def __init__(self, *, reader: TelemetryReader, queries: QueryHandler, sessions: Sessions) -> None:
        self._reader = reader
        self._queries = queries
        self._sessions = sessions

    async def bodies(self, request: Request, context: Context) -> AsyncGenerator[HttpBody | AbortMarker]:
        """ExportTelemetry."""
        async with self._sessions.open(principal_of(context)) as session:
            async for piece in abort_mid_stream(self._bodies(request, session, context), context):
                yield piece

    async def _bodies(self, request: Request, session: Session, context: Context) -> AsyncIterator[HttpBody]:
        """The file, named in REST's headers. What fails before the first piece fails without a byte of it."""
        format_ = _format(request)
        begun = not from_rest(context)
        async for piece in self._pieces(format_, request, session):
            if not begun:
                name = f'attachment; filename="telemetry.{format_.suffix}"'
                await context.send_initial_metadata((("content-disposition", name),))
                begun = True
            yield HttpBody(content_type=format_.content_type, data=piece)

    async def _pieces(self, format_: Format, request: Request, session: Session) -> AsyncIterator[bytes]:
        within = span(request.start_time, request.end_time, utc_now_ms())
        export = Export(format_, Columns(await self._types(request, session), names(request.fields)))
        async with aclosing(
            prefetched(self._readings(request, session.principal, within, export.chunk_rows))
        ) as readings:
            async for device, chunk in readings:
                check(session)
                for piece in await run_in_compute_thread(export.add, device, chunk):
                    check(session)
                    yield piece
        for piece in await run_in_compute_thread(export.finish):
            check(session)
            yield piece

    async def _readings(
        self, request: Request, principal: Principal, within: Span, rows: int
    ) -> AsyncGenerator[tuple[Device, Batch]]:
        caller = principal.limit_key
        async for device in self._queries.each_readable(request.device_ids, [], principal):
            async with aclosing(
                self._reader.read(device.id, within, names(request.fields), chunk_rows=rows, caller=caller)
            ) as reading:
                async for chunk in reading:
                    yield device, chunk

    async def _types(self, request: Request, session: Session) -> dict[str, ValueType]:
        """By measurement, of all devices asked for together. Raises InvalidArgument where they are too many."""
        types: dict[str, ValueType] = {}
        fields = names(request.fields)
        async for device in self._queries.each_readable(request.device_ids, [], session.principal):
            check(session)
            own = await self._reader.measurements(device.id, caller=session.principal.limit_key)
            widen(types, own if fields is None else {name: own[name] for name in fields if name in own})
            if len(types) > MOST_COLUMNS:
                problem = (
                    f"these devices have more than {MOST_COLUMNS:,} measurements together, each a column;"
                    " name fewer devices, or fields"
                )
                raise InvalidArgument("fields", problem, "TOO_MANY_COLUMNS")
        return types


def _format(request: Request) -> Format:
    name = request.format or "csv"
    if not request.safe:
        return FORMATS[name]
    if name != "csv":
        raise InvalidArgument("safe", f"is for csv only; spreadsheets find no formulas in {name}")
    return SAFE_CSV


def check(session: Session) -> None:
    """Raise what the stream is to end with, if it is."""
    if session.refusal:
        raise session.refusal
