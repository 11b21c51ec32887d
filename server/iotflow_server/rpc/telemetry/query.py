"""The unary questions about readings."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, TypeVar

from iotflow.v1 import telemetry_pb2, telemetry_service_pb2
from iotflow_server.auth.principal import Principal
from iotflow_server.devices.device import Device, DeviceFilter
from iotflow_server.devices.device_cache import DeviceCache
from iotflow_server.devices.registry import Registry
from iotflow_server.errors import InvalidArgument, NotFound
from iotflow_server.rpc.codec.encoding import encoded
from iotflow_server.rpc.codec.page_tokens import place, size_of, token_of
from iotflow_server.rpc.codec.wire_rows import add_rows, put_value, rows_bytes
from iotflow_server.rpc.codec.wire_values import timestamp_ms
from iotflow_server.telemetry.pages import PageQuery, ReadingPage, page, spans, token
from iotflow_server.telemetry.ports import EARLIEST, LATEST, Latest, Span, TelemetryReader
from iotflow_server.telemetry.times import parse_time, utc_now_ms

MOST_DEVICES = 1_000
DEFAULT_LIMIT = 1_000
# Values that are made into an answer in a few milliseconds: row by row, and one by one.
ROWS_AT_ONCE, AT_ONCE = 5_000, 500
# A column takes as long as so many values, however few it has.
COLUMN = 50
# Values of an answer that is one piece, and devices whose newest values are asked for together.
MOST_VALUES, TOGETHER = 100_000, 250

Paged = TypeVar("Paged", telemetry_service_pb2.GetTelemetryResponse, telemetry_service_pb2.GetTelemetryRangeResponse)
Newest = TypeVar("Newest", telemetry_pb2.LatestTelemetry, telemetry_service_pb2.GetLatestTelemetryResponse)


def names(fields: Iterable[str]) -> tuple[str, ...] | None:
    """Measurements, each once, given one an element or separated by commas; None where none is named."""
    parts = [part.strip() for field in fields for part in field.split(",")]
    return tuple(dict.fromkeys(filter(None, parts))) or None


def span(start: str, end: str, now: int, fields: tuple[str, str] = ("start_time", "end_time")) -> Span:
    """The span between two times; an empty one is none. Raises InvalidArgument where it is turned round."""
    found = Span(
        parse_time(start, now, fields[0]) if start else EARLIEST, parse_time(end, now, fields[1]) if end else LATEST
    )
    if found.start > found.end:
        raise InvalidArgument(fields[1], f"lies before {fields[0]}")
    return found


class QueryHandler:
    """Answers from the store, for whoever may read the device."""

    def __init__(self, *, reader: TelemetryReader, registry: Registry, device_cache: DeviceCache) -> None:
        self._reader = reader
        self._registry = registry
        self._device_cache = device_cache

    async def readable(self, device_id: int, principal: Principal) -> Device:
        """The device, if the caller may read it. Raises NotFound, PermissionDenied."""
        device = await self._device_cache.get(device_id)
        principal.check_reads(device_id)
        return device

    async def newest(
        self, request: telemetry_service_pb2.GetTelemetryRequest, principal: Principal
    ) -> telemetry_service_pb2.GetTelemetryResponse:
        """GetTelemetry."""
        device = await self.readable(request.device_id or principal.own_device().id, principal)
        asked = span(request.start_time or "-1h", request.end_time, utc_now_ms())
        query = self._query(device, request, asked, newest_first=True)
        found = await page(self._reader, query, principal.limit_key)
        response = telemetry_service_pb2.GetTelemetryResponse(
            device_id=device.id,
            device_name=device.name,
            device_type=device.device_type,
            start_time=timestamp_ms(query.asked.start),
            count=found.rows,
            next_page_token=token(query, found.rest),
        )
        return await with_rows(response, found)

    async def range(
        self, request: telemetry_service_pb2.GetTelemetryRangeRequest, principal: Principal
    ) -> telemetry_service_pb2.GetTelemetryRangeResponse:
        """GetTelemetryRange."""
        device = await self.readable(request.device_id, principal)
        asked = span(request.start_time, request.end_time or "now", utc_now_ms(), ("from", "to"))
        query = self._query(device, request, asked, newest_first=False)
        found = await page(self._reader, query, principal.limit_key)
        response = telemetry_service_pb2.GetTelemetryRangeResponse(
            device_id=device.id,
            device_name=device.name,
            device_type=device.device_type,
            start_time=timestamp_ms(query.asked.start),
            end_time=timestamp_ms(query.asked.end),
            count=found.rows,
            next_page_token=token(query, found.rest),
        )
        return await with_rows(response, found)

    @staticmethod
    def _query(device: Device, request: Any, asked: Span, *, newest_first: bool) -> PageQuery:
        rest = asked
        if request.page_token:
            asked, rest = spans(request.page_token, device.id)
        # The older name of page_size.
        default = request.limit if request.HasField("limit") else DEFAULT_LIMIT
        return PageQuery(device.id, asked, rest, names(request.fields), size_of(request, default), newest_first)

    async def latest(
        self, request: telemetry_service_pb2.GetLatestTelemetryRequest, principal: Principal
    ) -> telemetry_service_pb2.GetLatestTelemetryResponse:
        """GetLatestTelemetry."""
        device = await self.readable(request.device_id, principal)
        values = (await self._reader.latest([device.id], names(request.fields), caller=principal.limit_key)).get(
            device.id, ()
        )
        response = telemetry_service_pb2.GetLatestTelemetryResponse()
        if len(values) < AT_ONCE:
            return _with_latest(response, device, values)
        return await encoded(response, (_with_latest(response, device, values).SerializeToString() for _ in "1"))

    async def latest_of_many(
        self, request: telemetry_service_pb2.ListLatestTelemetryRequest, principal: Principal
    ) -> telemetry_service_pb2.ListLatestTelemetryResponse:
        """ListLatestTelemetry."""
        types = [request.device_type] if request.device_type else []
        size = size_of(request, MOST_DEVICES)
        # One more than the page takes shows whether there is another page.
        readable = await self.readable_devices(
            request.device_ids, types, principal, place(request.page_token), size + 1
        )
        devices = readable[:size]
        found = await self._newest(devices, names(request.fields), principal.limit_key)
        more = token_of(devices[-1].id) if len(readable) > size else None
        response = telemetry_service_pb2.ListLatestTelemetryResponse(count=len(devices), next_page_token=more)
        return await encoded(
            response, (_listed(device, found.get(device.id, ())).SerializeToString() for device in devices)
        )

    async def _newest(
        self, devices: Sequence[Device], fields: Sequence[str] | None, caller: str
    ) -> dict[int, tuple[Latest, ...]]:
        """Raises InvalidArgument where they would be more than one answer holds."""
        found: dict[int, tuple[Latest, ...]] = {}
        values = 0
        for first in range(0, len(devices), TOGETHER):
            ids = [device.id for device in devices[first : first + TOGETHER]]
            some = await self._reader.latest(ids, fields, caller=caller)
            values += sum(map(len, some.values()))
            if values > MOST_VALUES:
                problem = (
                    f"the answer would have more than {MOST_VALUES:,} values; "
                    "name fewer devices, or fields, or a smaller page_size"
                )
                raise InvalidArgument("device_ids", problem, "TOO_MANY_VALUES")
            found |= some
        return found

    async def readable_devices(
        self,
        ids: Sequence[int],
        types: Sequence[str],
        principal: Principal,
        after: int = 0,
        size: int = MOST_DEVICES,
    ) -> list[Device]:
        """The devices named, or all that the caller may read; of the types named, if any are.

        By id, the first `size` above `after`; where several types are named, those of them that have one.

        Raises NotFound for an id that is none, PermissionDenied for one the caller may not read.
        """
        own = principal.device
        wanted = list(dict.fromkeys(ids)) or ([own.id] if own else [])
        if wanted:
            devices = await self._registry.get_many(wanted)
            if missing := set(wanted) - {device.id for device in devices}:
                raise NotFound("DEVICE_NOT_FOUND", f"There is no device {min(missing)}.", field="device_ids")
            for device_id in wanted:
                principal.check_reads(device_id)
            of_types = [device for device in devices if not types or device.device_type in types]
            return [device for device in of_types if device.id > after][:size]
        kind = types[0] if len(types) == 1 else ""
        _, devices = await self._registry.page(DeviceFilter(device_type=kind), after, size)
        return [device for device in devices if not types or device.device_type in types]

    async def each_readable(
        self, ids: Sequence[int], types: Sequence[str], principal: Principal
    ) -> AsyncIterator[Device]:
        """The same, without a limit, a page of the registry at a time."""
        devices = await self.readable_devices(ids, types if ids else [], principal)
        everybody = not ids and principal.device is None
        while devices:
            for device in devices:
                if not types or device.device_type in types:
                    yield device
            if not everybody or len(devices) < MOST_DEVICES:
                return
            _, devices = await self._registry.page(DeviceFilter(), devices[-1].id, MOST_DEVICES)


async def with_rows(response: Paged, found: ReadingPage) -> Paged:
    """The response with the page's rows; very many are made beside the event loop, which goes on serving others."""
    if sum(chunk.values + COLUMN * len(chunk.columns) for chunk in found.chunks) < ROWS_AT_ONCE:
        for chunk in found.chunks:
            add_rows(response, "data", chunk)
        return response
    return await encoded(response, (rows_bytes(type(response), "data", chunk) for chunk in found.chunks))


def _listed(device: Device, values: Sequence[Latest]) -> telemetry_service_pb2.ListLatestTelemetryResponse:
    """The part of the answer that is one device's."""
    listed = telemetry_service_pb2.ListLatestTelemetryResponse()
    _with_latest(listed.devices.add(), device, values)
    return listed


def _with_latest(message: Newest, device: Device, values: Sequence[Latest]) -> Newest:
    message.device_id = device.id
    message.device_name = device.name
    message.device_type = device.device_type
    message.latest_data.SetInParent()
    for latest in values:
        column = latest.column
        put_value(message.latest_data.fields[column.measurement], column.type, column.values.tolist()[0])
        message.latest_times[column.measurement].CopyFrom(timestamp_ms(latest.time))
    if values:
        message.timestamp.CopyFrom(timestamp_ms(max(latest.time for latest in values)))
    return message
