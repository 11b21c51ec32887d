"""Reads telemetry: newest values, ranges, aggregates, columns, and readings as they are stored."""

from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import grpc
from google.protobuf import json_format

from iotflow.columns import Columns, DeviceColumns
from iotflow.connection import Connection, Metadata
from iotflow.handlers import contained
from iotflow.paging import pages
from iotflow.resuming import Interrupted, resumed
from iotflow.v1.telemetry_service_pb2 import (
    AggregateTelemetryRequest,
    GetLatestTelemetryRequest,
    GetTelemetryRangeRequest,
    GetTelemetryRangeResponse,
    ReadTelemetryRequest,
    SubscribeTelemetryRequest,
    SubscribeTelemetryResponse,
)
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub

# Milliseconds since 1970 UTC, a datetime (without a zone: UTC), or a text that the server reads, such as `-24h` or `now`.
Time = int | datetime | str
Subscription: TypeAlias = "grpc.aio.UnaryStreamCall[SubscribeTelemetryRequest, SubscribeTelemetryResponse]"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def ignore(*_: object) -> None:
    """The default of a callback."""


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest values of a device. timestamp: the newest time, milliseconds since 1970 UTC; None: no readings. times: of
    each value."""

    values: dict[str, Any]
    timestamp: int | None
    times: dict[str, int]


class TelemetryReader:
    """Reads with the key or token of the connection. All calls raise ServerError.

    A range of time includes its start and excludes its end. fields: measurements; empty: all.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def latest(self, device_id: int, fields: Iterable[str] = ()) -> Latest:
        """The newest value of each measurement of a device."""
        request = GetLatestTelemetryRequest(device_id=device_id, fields=fields)
        async with self._connection.call() as channel:
            answer = await TelemetryServiceStub(channel).GetLatestTelemetry(request, metadata=self._connection.metadata)
        return Latest(
            json_format.MessageToDict(answer.latest_data),
            answer.timestamp.ToMilliseconds() if answer.HasField("timestamp") else None,
            {name: time.ToMilliseconds() for name, time in answer.latest_times.items()},
        )

    async def range(
        self, device_id: int, start: Time, end: Time = "", *, fields: Iterable[str] = (), page_size: int | None = None
    ) -> AsyncGenerator[list[dict[str, Any]]]:
        """Pages of readings of a device, oldest first: `{"timestamp": …, <measurement>: value …}` for each row."""
        request = GetTelemetryRangeRequest(
            device_id=device_id, start_time=_text(start), end_time=_text(end), fields=fields, page_size=page_size
        )
        found = pages(self._connection, TelemetryServiceStub, "GetTelemetryRange", request, GetTelemetryRangeResponse)
        async for page in found:
            yield [json_format.MessageToDict(row) for row in page.data]

    async def aggregate(
        self,
        device_id: int,
        start: Time = "",
        end: Time = "",
        *,
        window: str = "1h",
        aggregation: Iterable[str] = ("avg",),
        fields: Iterable[str] = (),
        fill: str = "",
    ) -> list[dict[str, Any]]:
        """Aggregates over windows of time, oldest first: `{"timestamp": …, <measurement>: {<function>: value …} …}`."""
        request = AggregateTelemetryRequest(
            device_id=device_id,
            window=window,
            start_time=_text(start),
            end_time=_text(end),
            aggregation=aggregation,
            fields=fields,
            fill=fill,
        )
        async with self._connection.call() as channel:
            answer = await TelemetryServiceStub(channel).AggregateTelemetry(request, metadata=self._connection.metadata)
        return [json_format.MessageToDict(window) for window in answer.data]

    async def read(
        self,
        device_ids: Iterable[int] = (),
        start: Time = "",
        end: Time = "",
        *,
        fields: Iterable[str] = (),
        newest_first: bool = False,
    ) -> Columns:
        """All readings of many devices (empty: all that may be read), device by device, in time order."""
        parts = self.read_parts(device_ids, start, end, fields=fields, newest_first=newest_first)
        return Columns([part async for part in parts])

    async def read_parts(
        self,
        device_ids: Iterable[int] = (),
        start: Time = "",
        end: Time = "",
        *,
        fields: Iterable[str] = (),
        newest_first: bool = False,
    ) -> AsyncGenerator[DeviceColumns]:
        """As read(), in parts as they come: memory does not grow with their number."""
        request = ReadTelemetryRequest(
            device_ids=device_ids,
            fields=fields,
            start_time=_text(start),
            end_time=_text(end),
            newest_first=newest_first,
        )
        async with self._connection.call() as channel:
            call = TelemetryServiceStub(channel).ReadTelemetry(request, metadata=self._connection.metadata)
            try:
                async for answer in call:
                    yield DeviceColumns.of(answer.batch)
            finally:
                call.cancel()

    async def subscribe(
        self,
        device_ids: Iterable[int] = (),
        *,
        device_types: Iterable[str] = (),
        fields: Iterable[str] = (),
        since: Time | None = None,
        on_subscribed: Callable[[], None] = ignore,
        on_missed: Callable[[int], None] = ignore,
        on_interrupted: Interrupted = ignore,
    ) -> AsyncGenerator[DeviceColumns]:
        """Readings as they are stored, without end. After a break, readings from the newest delivered time on come first, so
        that one at the boundary may come twice.

        since: stored readings from this time on come first. on_subscribed: called when a subscription is open. on_missed:
        called with a number of readings that the server dropped because the caller was slow.
        """
        request = SubscribeTelemetryRequest(
            device_ids=device_ids,
            device_types=device_types,
            fields=fields,
            since=_text(since) if since is not None else "",
            columnar=True,
        )
        on_subscribed = contained("on_subscribed", on_subscribed)
        on_missed = contained("on_missed", on_missed)
        newest: int | None = None
        is_new = True

        def opened(channel: grpc.aio.Channel, metadata: Metadata) -> Subscription:
            nonlocal is_new
            is_new = True
            if newest is not None:
                request.since = _text(newest)
            return TelemetryServiceStub(channel).SubscribeTelemetry(request, metadata=metadata)

        async with aclosing(resumed(self._connection, opened, on_interrupted)) as events:
            async for event in events:
                if is_new:
                    on_subscribed()
                is_new = False
                if event.HasField("batch"):
                    part = DeviceColumns.of(event.batch)
                    latest = int(part.times.max())
                    newest = latest if newest is None else max(newest, latest)
                    yield part
                elif event.HasField("dropped"):
                    on_missed(event.dropped.readings)


def _text(time: Time) -> str:
    if isinstance(time, str):
        return time
    if isinstance(time, int):
        time = _EPOCH + timedelta(milliseconds=time)
    aware = time if time.tzinfo else time.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="milliseconds")
