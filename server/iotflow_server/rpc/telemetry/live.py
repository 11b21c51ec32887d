"""SubscribeTelemetry and ReadTelemetry: the streams of readings to callers."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from iotflow.v1 import telemetry_service_pb2 as wire
from iotflow_server.auth.principal import Principal
from iotflow_server.rpc.codec.wire_batches import encode
from iotflow_server.rpc.streams.sessions import Sessions
from iotflow_server.rpc.telemetry.live_events import LiveEvents
from iotflow_server.rpc.telemetry.query import QueryHandler, names, span
from iotflow_server.rpc.telemetry.replays import Replays
from iotflow_server.telemetry.live import LiveFeed
from iotflow_server.telemetry.pages import parts
from iotflow_server.telemetry.ports import TelemetryReader
from iotflow_server.telemetry.times import utc_now_ms


class LiveHandler:
    """Streams what is stored and what is being stored. heartbeat: seconds."""

    def __init__(
        self,
        *,
        feed: LiveFeed,
        reader: TelemetryReader,
        queries: QueryHandler,
        sessions: Sessions,
        heartbeat: float,
    ) -> None:
        self._feed = feed
        self._reader = reader
        self._queries = queries
        self._sessions = sessions
        self._heartbeat = heartbeat
        self._replays = Replays()

    async def subscribe(
        self, request: wire.SubscribeTelemetryRequest, principal: Principal
    ) -> AsyncGenerator[wire.SubscribeTelemetryResponse]:
        """SubscribeTelemetry."""
        async with self._sessions.open(principal) as session:
            live = LiveEvents(request, session, self._heartbeat, self._replays)
            async with aclosing(live.events(self._feed, self._reader, self._queries)) as events:
                async for event in events:
                    yield event

    async def read(
        self, request: wire.ReadTelemetryRequest, principal: Principal
    ) -> AsyncGenerator[wire.ReadTelemetryResponse]:
        """ReadTelemetry: device by device, chunk by chunk."""
        asked, caller = span(request.start_time, request.end_time, utc_now_ms()), principal.limit_key
        async with self._sessions.open(principal) as session:
            async for device in self._queries.each_readable(request.device_ids, [], principal):
                reading = self._reader.read(
                    device.id, asked, names(request.fields), newest_first=request.newest_first, caller=caller
                )
                async with aclosing(reading):
                    async for chunk in reading:
                        if session.refusal:
                            raise session.refusal
                        for part in parts(chunk):
                            yield wire.ReadTelemetryResponse(batch=encode(part))
