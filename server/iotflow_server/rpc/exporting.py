"""ExportTelemetry: readings as a file, a piece at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

from google.api.httpbody_pb2 import HttpBody

from iotflow.v1 import telemetry_service_pb2
from iotflow_server.interceptors.behaviours import Context
from iotflow_server.rpc.querying import Querying, names, span
from iotflow_server.rpc.sessions import Session
from iotflow_server.telemetry.batch import ValueType
from iotflow_server.telemetry.exporting import FORMATS, Columns, Export, Format, join
from iotflow_server.telemetry.store import TelemetryStore
from iotflow_server.telemetry.times import utc_now_ms

Request = telemetry_service_pb2.ExportTelemetryRequest


class Exporting:
    """Reads and writes by turns: whoever takes the pieces slowly holds both up."""

    def __init__(self, store: TelemetryStore, querying: Querying) -> None:
        self._store = store
        self._querying = querying

    async def bodies(self, request: Request, session: Session, context: Context) -> AsyncIterator[HttpBody]:
        """The file, named in the headers. What fails before the first piece fails without a byte of it."""
        format_ = FORMATS[request.format or "csv"]
        begun = False
        async for piece in self._pieces(format_, request, session):
            if not begun:
                name = f'attachment; filename="telemetry.{format_.suffix}"'
                await context.send_initial_metadata((("content-disposition", name),))
                begun = True
            yield HttpBody(content_type=format_.content_type, data=piece)

    async def _pieces(self, format_: Format, request: Request, session: Session) -> AsyncIterator[bytes]:
        asked, within = names(request.fields), span(request.start_time, request.end_time, utc_now_ms())
        columns = Columns(await self._types(request, session), asked)
        export = Export(format_, columns)
        async for device in self._querying.each_readable(request.device_ids, []):
            reading = self._store.read(device.id, within, asked, chunk_rows=export.chunk_rows)
            async with aclosing(reading):
                async for chunk in reading:
                    check(session)
                    for piece in await asyncio.to_thread(export.add, device, chunk):
                        check(session)
                        yield piece
        for piece in await asyncio.to_thread(export.finish):
            check(session)
            yield piece

    async def _types(self, request: Request, session: Session) -> dict[str, ValueType]:
        """By measurement, of all devices together."""
        types: dict[str, ValueType] = {}
        async for device in self._querying.each_readable(request.device_ids, []):
            check(session)
            join(types, await self._store.measurements(device.id))
        return types


def check(session: Session) -> None:
    """Raise what the stream is to end with, if it is."""
    if session.refusal:
        raise session.refusal
