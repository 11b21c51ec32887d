"""The events of one SubscribeTelemetry: a replay of stored readings, if requested, then live readings."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from weakref import WeakValueDictionary

import structlog

from iotflow.v1 import telemetry_pb2, telemetry_service_pb2
from iotflow_server.interceptors.errors import stream_error
from iotflow_server.rpc.codec.batch_encoding import add_rows, encode
from iotflow_server.rpc.codec.wire_values import heartbeat, timestamp_ms
from iotflow_server.rpc.telemetry.query import QueryHandler, field_names
from iotflow_server.streams.active_streams import ActiveStream
from iotflow_server.telemetry.live import (
    Dropped,
    EventFilter,
    FeedState,
    LiveEvent,
    LiveFeed,
    PresenceChange,
    Subscription,
)
from iotflow_server.telemetry.pages import parts
from iotflow_server.telemetry.ports import LATEST, Span, TelemetryReader
from iotflow_server.telemetry.times import parse_time, utc_now_ms

log = structlog.get_logger(__name__)

Event = telemetry_service_pb2.SubscribeTelemetryResponse
# Rows of stored readings in one event. With small events, a web page shows the first rows early.
REPLAY_ROWS = 1_000
# Bytes of stored readings in one event. Events are encoded on the event loop.
REPLAY_BYTES = 2**16
# Concurrent streams of one caller that receive stored readings first.
MOST_REPLAYS = 4


class Replays:
    """Limits the concurrent replays of each caller. Further streams of the caller wait."""

    def __init__(self) -> None:
        # An entry exists as long as a stream of the caller refers to it.
        self._by_caller: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    def of(self, caller: str) -> asyncio.Semaphore:
        """The semaphore of this caller. A stream holds it during its replay."""
        return self._by_caller.setdefault(caller, asyncio.Semaphore(MOST_REPLAYS))


async def try_acquire(replays: asyncio.Semaphore, within: float) -> bool:
    """Acquire the semaphore within this number of seconds. Returns whether it was acquired; the caller must then release it."""
    try:
        async with asyncio.timeout(within):
            return await replays.acquire()
    except TimeoutError:
        return False


class LiveEvents:
    """One open SubscribeTelemetry."""

    def __init__(
        self,
        request: telemetry_service_pb2.SubscribeTelemetryRequest,
        active_stream: ActiveStream,
        heartbeat: float,
        replays: Replays,
    ) -> None:
        self._request = request
        self._active_stream = active_stream
        self._heartbeat = heartbeat
        self._replays = replays.of(active_stream.principal.limit_key)

    async def events(self, feed: LiveFeed, reader: TelemetryReader, queries: QueryHandler) -> AsyncGenerator[Event]:
        """Stored readings, if requested, then live readings. If the stream fails after the first event, the last event is the error."""
        request = self._request
        since = parse_time(request.since, utc_now_ms(), "since") if request.since else None
        event_filter = await self._event_filter(queries)
        with feed.subscribe(event_filter) as subscription:
            self._active_stream.ended.add_done_callback(lambda _: subscription.wake())
            yield Event(heartbeat=heartbeat())
            try:
                if since is not None:
                    async for event in self._replay_when_allowed(since, reader, queries):
                        yield event
                while True:
                    async for event in self._queued_events(subscription):
                        yield event
            except Exception as error:
                yield Event(error=stream_error(error))
                raise

    async def _event_filter(self, queries: QueryHandler) -> EventFilter:
        request = self._request
        own = self._active_stream.principal.device
        ids = list(request.device_ids)
        if ids or own:
            ids = [device.id for device in await queries.readable_devices(ids, [], self._active_stream.principal)]
        fields = field_names(request.fields)
        return EventFilter(
            frozenset(ids) if ids else None,
            frozenset(request.device_types) or None,
            None if fields is None else frozenset(fields),
        )

    async def _replay_when_allowed(
        self, since: int, reader: TelemetryReader, queries: QueryHandler
    ) -> AsyncIterator[Event]:
        while not await try_acquire(self._replays, self._heartbeat):
            self._check_stream()
            yield Event(heartbeat=heartbeat())
        try:
            async with aclosing(self._replay(since, reader, queries)) as events:
                async for event in events:
                    yield event
        finally:
            self._replays.release()

    async def _replay(self, since: int, reader: TelemetryReader, queries: QueryHandler) -> AsyncGenerator[Event]:
        request, principal, within = self._request, self._active_stream.principal, Span(since, LATEST)
        async for device in queries.iter_readable_devices(request.device_ids, request.device_types, principal):
            reading = reader.read(
                device.id, within, field_names(request.fields), chunk_rows=REPLAY_ROWS, caller=principal.limit_key
            )
            async with aclosing(reading):
                async for chunk in reading:
                    self._check_stream()
                    for part in parts(chunk, REPLAY_BYTES):
                        yield self._readings(LiveEvent(device, part))

    async def _queued_events(self, subscription: Subscription) -> AsyncIterator[Event]:
        """The queued events, or a heartbeat if none arrives within the heartbeat interval."""
        if not await subscription.wait(self._heartbeat):
            yield Event(heartbeat=heartbeat())
        while item := subscription.take():
            self._check_stream()
            yield self._event(item)
        self._check_stream()

    def _check_stream(self) -> None:
        if self._active_stream.end_error:
            raise self._active_stream.end_error

    def _event(self, item: LiveEvent | PresenceChange | Dropped | FeedState) -> Event:
        match item:
            case PresenceChange():
                return _presence(item)
            case Dropped(readings):
                return Event(dropped=telemetry_pb2.LiveDropped(readings=readings))
            case FeedState(degraded, message):
                return Event(feed=telemetry_pb2.LiveFeedState(degraded=degraded, message=message))
        return self._readings(item)

    def _readings(self, event: LiveEvent) -> Event:
        return event.rendered("columns", _columns) if self._request.columnar else event.rendered("rows", _rows)


def _columns(event: LiveEvent) -> Event:
    return Event(batch=encode(event.batch))


def _rows(event: LiveEvent) -> Event:
    readings = telemetry_pb2.LiveReadings(device_id=event.source.id, device_name=event.source.name)
    add_rows(readings, "data", event.batch)
    return Event(telemetry=readings)


def _presence(change: PresenceChange) -> Event:
    presence = telemetry_pb2.LivePresence(
        device_id=change.source.id,
        device_name=change.source.name,
        online=change.online,
        timestamp=timestamp_ms(change.at),
    )
    return Event(presence=presence)
