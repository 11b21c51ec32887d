"""WatchDeviceConfigs and ReportDeviceConfig: configurations of all devices, for gateways."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

from iotflow.v1 import gateway_service_pb2 as wire
from iotflow.v1 import stream_pb2
from iotflow.words import DeviceStatus
from iotflow_server.auth.principal import Principal
from iotflow_server.config.desired import DesiredConfig, DesiredConfigs
from iotflow_server.devices.device import EPOCH, device_inactive, utc_now
from iotflow_server.devices.registry import Registry
from iotflow_server.mqtt.adapters import AdapterLinks
from iotflow_server.rpc.codec.wire_values import timestamp_of
from iotflow_server.rpc.config.own_config import ReportedConfigHandler, desired_config
from iotflow_server.streams.active_streams import ActiveStream, ActiveStreams
from iotflow_server.streams.change_feed import POLL_SECONDS, PolledChanges
from iotflow_server.telemetry.times import parse_time, utc_now_ms

# The clocks of processes differ, and a version becomes visible a little after its time.
OVERLAP = timedelta(minutes=1)
PAGE = 500


class GatewayConfigHandler:
    """WatchDeviceConfigs and ReportDeviceConfig."""

    def __init__(
        self,
        *,
        registry: Registry,
        desired: DesiredConfigs,
        reports: ReportedConfigHandler,
        active_streams: ActiveStreams,
        links: AdapterLinks,
    ) -> None:
        self._registry = registry
        self._desired = desired
        self._reports = reports
        self._active_streams = active_streams
        self._links = links

    async def watch(
        self, request: wire.WatchDeviceConfigsRequest, principal: Principal
    ) -> AsyncGenerator[wire.WatchDeviceConfigsResponse]:
        """WatchDeviceConfigs."""
        since = EPOCH
        if request.since:
            since = datetime.fromtimestamp(parse_time(request.since, utc_now_ms(), "since") / 1_000, UTC)
        async with self._active_streams.open(principal) as active_stream:
            configs = FleetConfigStream(self._desired, self._registry, active_stream)
            with self._links.retaining(principal.name):
                async with aclosing(configs.messages(since)) as messages:
                    async for message in messages:
                        yield message

    async def report(self, request: wire.ReportDeviceConfigRequest) -> wire.ReportDeviceConfigResponse:
        """ReportDeviceConfig."""
        device = await self._registry.get(request.device_id)
        if device.status == DeviceStatus.INACTIVE:
            raise device_inactive(device.id)
        return wire.ReportDeviceConfigResponse(config=await self._reports.report(device.id, request.config))


class FleetConfigStream:
    """One open WatchDeviceConfigs."""

    def __init__(self, desired: DesiredConfigs, registry: Registry, active_stream: ActiveStream) -> None:
        self._desired = desired
        self._registry = registry
        self._active_stream = active_stream
        # The newest version sent for each device, as long as the next query may find it again.
        self._sent: dict[int, DesiredConfig] = {}

    async def messages(self, since: datetime) -> AsyncGenerator[wire.WatchDeviceConfigsResponse]:
        """Send all changes since this time, then each new change."""
        with self._desired.changes.subscribe(None, lambda _: True) as subscription:
            polled = PolledChanges(subscription, self._active_stream, POLL_SECONDS)
            while True:
                changes, is_due = await polled.next()
                for message in await self._newer(changes):
                    yield message
                if is_due:
                    started = utc_now()
                    async for message in self._stored(since):
                        yield message
                    since = started - OVERLAP
                    self._forget_before(since)
                    yield wire.WatchDeviceConfigsResponse(
                        caught_up=stream_pb2.StreamCaughtUp(timestamp=timestamp_of(since))
                    )

    async def _stored(self, since: datetime) -> AsyncIterator[wire.WatchDeviceConfigsResponse]:
        last = 0
        while page := await self._desired.changed_since(since, last, PAGE):
            last = page[-1].device_id
            for message in await self._newer(page):
                yield message

    def _forget_before(self, since: datetime) -> None:
        self._sent = {key: sent for key, sent in self._sent.items() if (sent.changed_at or since) >= since}

    async def _newer(self, found: Iterable[DesiredConfig]) -> list[wire.WatchDeviceConfigsResponse]:
        """The versions that are newer than those sent, of existing devices."""
        newest: dict[int, DesiredConfig] = {}
        for one in found:
            sent = self._sent.get(one.device_id)
            if sent is None or sent.version < one.version:
                newest[one.device_id] = one
        devices = await self._registry.get_many(list(newest)) if newest else []
        self._sent |= newest
        return [wire.WatchDeviceConfigsResponse(config=desired_config(device, newest[device.id])) for device in devices]
