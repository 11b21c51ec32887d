"""SubscribeTelemetry and ReadTelemetry."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from iotflow.v1 import telemetry_service_pb2 as wire
from iotflow_server.auth.principal import Principal
from iotflow_server.rpc.codec.batch_encoding import encode
from iotflow_server.rpc.telemetry.live_events import LiveEvents, Replays
from iotflow_server.rpc.telemetry.query import QueryHandler, field_names, parse_span
from iotflow_server.streams.active_streams import ActiveStreams
from iotflow_server.telemetry.live import LiveFeed
from iotflow_server.telemetry.pages import parts
from iotflow_server.telemetry.ports import TelemetryReader
from iotflow_server.telemetry.times import utc_now_ms


class LiveHandler:
    """Handles the streams of live and of stored readings. heartbeat: the interval of heartbeats in seconds."""

    def __init__(
        self,
        *,
        feed: LiveFeed,
        reader: TelemetryReader,
        queries: QueryHandler,
        active_streams: ActiveStreams,
        heartbeat: float,
    ) -> None:
        self._feed = feed
        self._reader = reader
        self._queries = queries
        self._active_streams = active_streams
        self._heartbeat = heartbeat
        self._replays = Replays()

    async def subscribe(
        self, request: wire.SubscribeTelemetryRequest, principal: Principal
    ) -> AsyncGenerator[wire.SubscribeTelemetryResponse]:
        """SubscribeTelemetry."""
        async with self._active_streams.open(principal) as active_stream:
            live = LiveEvents(request, active_stream, self._heartbeat, self._replays)
            async with aclosing(live.events(self._feed, self._reader, self._queries)) as events:
                async for event in events:
                    yield event

    async def read(
        self, request: wire.ReadTelemetryRequest, principal: Principal
    ) -> AsyncGenerator[wire.ReadTelemetryResponse]:
        """ReadTelemetry: device by device, chunk by chunk."""
        within, caller = parse_span(request.start_time, request.end_time, utc_now_ms()), principal.limit_key
        async with self._active_streams.open(principal) as active_stream:
            async for device in self._queries.iter_readable_devices(request.device_ids, [], principal):
                reading = self._reader.read(
                    device.id, within, field_names(request.fields), newest_first=request.newest_first, caller=caller
                )
                async with aclosing(reading):
                    async for chunk in reading:
                        if active_stream.end_error:
                            raise active_stream.end_error
                        for part in parts(chunk):
                            yield wire.ReadTelemetryResponse(batch=encode(part))
