"""The unary RPCs that read telemetry, and the resolution of requested devices."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, TypeVar

from iotflow.v1 import telemetry_pb2, telemetry_service_pb2
from iotflow_server.auth.principal import Principal
from iotflow_server.devices.device import Device, DeviceFilter
from iotflow_server.devices.device_cache import DeviceCache
from iotflow_server.devices.registry import Registry
from iotflow_server.errors import InvalidArgument, NotFound
from iotflow_server.rpc.codec.batch_encoding import add_rows, encode_in_thread, put_value, rows_bytes
from iotflow_server.rpc.codec.page_tokens import after_id, size_of, token_of
from iotflow_server.rpc.codec.wire_values import timestamp_ms
from iotflow_server.telemetry.pages import PageQuery, ReadingPage, page, spans, token
from iotflow_server.telemetry.ports import EARLIEST, LATEST, Latest, Span, TelemetryReader
from iotflow_server.telemetry.times import parse_time, utc_now_ms

MOST_DEVICES = 1_000
DEFAULT_LIMIT = 1_000
# Responses with fewer values are encoded on the event loop: as rows, and as single values. This takes a few milliseconds.
EVENT_LOOP_ROW_VALUES, EVENT_LOOP_VALUES = 5_000, 500
# The cost of a column, regardless of its length, in values.
COLUMN_COST = 50
# Values in a response of ListLatestTelemetry.
MOST_VALUES = 100_000
# Devices whose newest values are read with one query.
DEVICES_PER_QUERY = 250

Paged = TypeVar("Paged", telemetry_service_pb2.GetTelemetryResponse, telemetry_service_pb2.GetTelemetryRangeResponse)
LatestResponse = TypeVar(
    "LatestResponse", telemetry_pb2.LatestTelemetry, telemetry_service_pb2.GetLatestTelemetryResponse
)


def field_names(fields: Iterable[str]) -> tuple[str, ...] | None:
    """The distinct measurement names of a request field; None: the field is empty. An element may have several names, separated
    by commas."""
    parts = [part.strip() for field in fields for part in field.split(",")]
    return tuple(dict.fromkeys(filter(None, parts))) or None


def parse_span(start: str, end: str, now: int, fields: tuple[str, str] = ("start_time", "end_time")) -> Span:
    """The span between two times. An empty time sets no bound. Raises InvalidArgument if the end is before the start."""
    found = Span(
        parse_time(start, now, fields[0]) if start else EARLIEST, parse_time(end, now, fields[1]) if end else LATEST
    )
    if found.start > found.end:
        raise InvalidArgument(fields[1], f"The time is before {fields[0]}.")
    return found


class QueryHandler:
    """Reads from the store, for callers that may read the device."""

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
        asked = parse_span(request.start_time or "-1h", request.end_time, utc_now_ms())
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
        asked = parse_span(request.start_time, request.end_time or "now", utc_now_ms(), ("from", "to"))
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
        # `limit` is the older name of page_size.
        default = request.limit if request.HasField("limit") else DEFAULT_LIMIT
        return PageQuery(device.id, asked, rest, field_names(request.fields), size_of(request, default), newest_first)

    async def latest(
        self, request: telemetry_service_pb2.GetLatestTelemetryRequest, principal: Principal
    ) -> telemetry_service_pb2.GetLatestTelemetryResponse:
        """GetLatestTelemetry."""
        device = await self.readable(request.device_id, principal)
        values = (await self._reader.latest([device.id], field_names(request.fields), caller=principal.limit_key)).get(
            device.id, ()
        )
        response = telemetry_service_pb2.GetLatestTelemetryResponse()
        if len(values) < EVENT_LOOP_VALUES:
            return _with_latest(response, device, values)
        return await encode_in_thread(
            response, (_with_latest(response, device, values).SerializeToString() for _ in "1")
        )

    async def latest_of_many(
        self, request: telemetry_service_pb2.ListLatestTelemetryRequest, principal: Principal
    ) -> telemetry_service_pb2.ListLatestTelemetryResponse:
        """ListLatestTelemetry."""
        types = [request.device_type] if request.device_type else []
        size = size_of(request, MOST_DEVICES)
        # The device after the page shows whether there is a next page.
        readable = await self.readable_devices(
            request.device_ids, types, principal, after_id(request.page_token), size + 1
        )
        devices = readable[:size]
        found = await self._latest_values(devices, field_names(request.fields), principal.limit_key)
        next_page_token = token_of(devices[-1].id) if len(readable) > size else None
        response = telemetry_service_pb2.ListLatestTelemetryResponse(
            count=len(devices), next_page_token=next_page_token
        )
        return await encode_in_thread(
            response, (_serialized_latest(device, found.get(device.id, ())) for device in devices)
        )

    async def _latest_values(
        self, devices: Sequence[Device], fields: Sequence[str] | None, caller: str
    ) -> dict[int, tuple[Latest, ...]]:
        """The newest values by device. Raises InvalidArgument if they exceed the limit of a response."""
        found: dict[int, tuple[Latest, ...]] = {}
        values = 0
        for first in range(0, len(devices), DEVICES_PER_QUERY):
            ids = [device.id for device in devices[first : first + DEVICES_PER_QUERY]]
            batch = await self._reader.latest(ids, fields, caller=caller)
            values += sum(map(len, batch.values()))
            if values > MOST_VALUES:
                problem = (
                    f"The response would have more than {MOST_VALUES:,} values. "
                    "Request fewer devices, fewer fields or a smaller page_size."
                )
                raise InvalidArgument("device_ids", problem, "TOO_MANY_VALUES")
            found |= batch
        return found

    async def readable_devices(
        self,
        ids: Sequence[int],
        types: Sequence[str],
        principal: Principal,
        after: int = 0,
        size: int = MOST_DEVICES,
    ) -> list[Device]:
        """The first `size` devices with an id above `after`, ordered by id.

        ids: the requested devices; empty: all devices that the caller may read. types: the requested device types; empty: all
        types. With several types and no ids, devices of other types are removed from the page, which is then shorter.

        Raises NotFound for an unknown id, PermissionDenied for a device that the caller may not read.
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

    async def iter_readable_devices(
        self, ids: Sequence[int], types: Sequence[str], principal: Principal
    ) -> AsyncIterator[Device]:
        """Iterate over all devices that readable_devices selects, page by page of the registry."""
        devices = await self.readable_devices(ids, types if ids else [], principal)
        is_entire_fleet = not ids and principal.device is None
        while devices:
            for device in devices:
                if not types or device.device_type in types:
                    yield device
            if not is_entire_fleet or len(devices) < MOST_DEVICES:
                return
            _, devices = await self._registry.page(DeviceFilter(), devices[-1].id, MOST_DEVICES)


async def with_rows(response: Paged, found: ReadingPage) -> Paged:
    """Add the rows of the page to the response. A large response is encoded in the compute thread."""
    if sum(chunk.values + COLUMN_COST * len(chunk.columns) for chunk in found.chunks) < EVENT_LOOP_ROW_VALUES:
        for chunk in found.chunks:
            add_rows(response, "data", chunk)
        return response
    return await encode_in_thread(response, (rows_bytes(type(response), "data", chunk) for chunk in found.chunks))


def _serialized_latest(device: Device, values: Sequence[Latest]) -> bytes:
    """The entry of one device in the response, serialized."""
    part = telemetry_service_pb2.ListLatestTelemetryResponse()
    _with_latest(part.devices.add(), device, values)
    return part.SerializeToString()


def _with_latest(message: LatestResponse, device: Device, values: Sequence[Latest]) -> LatestResponse:
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
