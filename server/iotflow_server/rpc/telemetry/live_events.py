"""The events of one SubscribeTelemetry."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import structlog

from iotflow.v1 import stream_pb2, telemetry_service_pb2
from iotflow_server.errors import DomainError
from iotflow_server.rpc.codec.wire_batches import encode
from iotflow_server.rpc.codec.wire_rows import add_rows
from iotflow_server.rpc.codec.wire_values import timestamp_ms
from iotflow_server.rpc.streams.sessions import Session
from iotflow_server.rpc.telemetry.query import QueryHandler, names
from iotflow_server.rpc.telemetry.replays import Replays, is_free
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
# Rows of stored readings in one event; small enough that a page shows them while more are coming.
REPLAY_ROWS = 1_000
# And bytes: events are made on the event loop.
REPLAY_BYTES = 2**16


class LiveEvents:
    """One open SubscribeTelemetry."""

    def __init__(
        self,
        request: telemetry_service_pb2.SubscribeTelemetryRequest,
        session: Session,
        heartbeat: float,
        replays: Replays,
    ) -> None:
        self._request = request
        self._session = session
        self._heartbeat = heartbeat
        self._replays = replays.of(session.principal.limit_key)

    async def events(self, feed: LiveFeed, reader: TelemetryReader, querying: QueryHandler) -> AsyncGenerator[Event]:
        """What was stored, if asked for, then what is being stored. Trouble after the first event is told by a last one."""
        request = self._request
        since = parse_time(request.since, utc_now_ms(), "since") if request.since else None
        interest = await self._interest(querying)
        with feed.subscribe(interest) as subscription:
            self._session.ended.add_done_callback(lambda _: subscription.wake())
            yield _alive()
            try:
                if since is not None:
                    async for event in self._replay_in_turn(since, reader, querying):
                        yield event
                while True:
                    async for event in self._waiting(subscription):
                        yield event
            except DomainError as refusal:
                yield _error(refusal.reason, refusal.message, retryable=refusal.retry_after is not None)
                raise
            except Exception:
                yield _error(
                    "INTERNAL", "The server failed with an internal error; its log has the details.", retryable=True
                )
                raise

    async def _interest(self, querying: QueryHandler) -> EventFilter:
        request = self._request
        own = self._session.principal.device
        ids = list(request.device_ids)
        if ids or own:
            ids = [device.id for device in await querying.readable_devices(ids, [], self._session.principal)]
        fields = names(request.fields)
        return EventFilter(
            frozenset(ids) if ids else None,
            frozenset(request.device_types) or None,
            None if fields is None else frozenset(fields),
        )

    async def _replay_in_turn(
        self, since: int, reader: TelemetryReader, querying: QueryHandler
    ) -> AsyncIterator[Event]:
        while not await is_free(self._replays, self._heartbeat):
            self._check_session()
            yield _alive()
        try:
            async with aclosing(self._replay(since, reader, querying)) as events:
                async for event in events:
                    yield event
        finally:
            self._replays.release()

    async def _replay(self, since: int, reader: TelemetryReader, querying: QueryHandler) -> AsyncGenerator[Event]:
        request, principal, asked = self._request, self._session.principal, Span(since, LATEST)
        async for device in querying.each_readable(request.device_ids, request.device_types, principal):
            reading = reader.read(
                device.id, asked, names(request.fields), chunk_rows=REPLAY_ROWS, caller=principal.limit_key
            )
            async with aclosing(reading):
                async for chunk in reading:
                    self._check_session()
                    for part in parts(chunk, REPLAY_BYTES):
                        yield self._readings(LiveEvent(device, part))

    async def _waiting(self, subscription: Subscription) -> AsyncIterator[Event]:
        """What waits now, or a heartbeat when nothing has come for a while."""
        if not await subscription.wait(self._heartbeat):
            yield _alive()
        while taken := subscription.take():
            self._check_session()
            yield self._event(taken)
        self._check_session()

    def _check_session(self) -> None:
        if self._session.refusal:
            raise self._session.refusal

    def _event(self, taken: LiveEvent | PresenceChange | Dropped | FeedState) -> Event:
        match taken:
            case PresenceChange():
                return _presence(taken)
            case Dropped(readings):
                return Event(dropped=telemetry_service_pb2.LiveDropped(readings=readings))
            case FeedState(degraded, message):
                return Event(feed=telemetry_service_pb2.LiveFeedState(degraded=degraded, message=message))
        return self._readings(taken)

    def _readings(self, event: LiveEvent) -> Event:
        return event.rendered("columns", _columns) if self._request.columnar else event.rendered("rows", _rows)


def _columns(event: LiveEvent) -> Event:
    return Event(batch=encode(event.batch))


def _rows(event: LiveEvent) -> Event:
    readings = telemetry_service_pb2.LiveReadings(device_id=event.source.id, device_name=event.source.name)
    add_rows(readings, "data", event.batch)
    return Event(telemetry=readings)


def _presence(change: PresenceChange) -> Event:
    presence = telemetry_service_pb2.LivePresence(
        device_id=change.source.id,
        device_name=change.source.name,
        online=change.online,
        timestamp=timestamp_ms(change.at),
    )
    return Event(presence=presence)


def _alive() -> Event:
    return Event(heartbeat=stream_pb2.StreamHeartbeat(timestamp=timestamp_ms(utc_now_ms())))


def _error(reason: str, message: str, *, retryable: bool) -> Event:
    return Event(error=stream_pb2.StreamError(reason=reason, message=message, retryable=retryable))
