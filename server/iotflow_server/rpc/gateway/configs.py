"""WatchDeviceConfigs and ReportDeviceConfig: configurations of all devices, for gateways."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime

from iotflow.v1 import gateway_service_pb2 as wire
from iotflow.words import DeviceStatus
from iotflow_server.auth.principal import Principal
from iotflow_server.config.desired import DesiredConfigs
from iotflow_server.devices.device import device_inactive
from iotflow_server.devices.registry import Registry
from iotflow_server.rpc.config.reported_config import ReportedConfigHandler
from iotflow_server.rpc.config.streams import EPOCH, FleetConfigStream
from iotflow_server.rpc.gateway.adapter_links import AdapterLinks
from iotflow_server.rpc.streams.active_streams import ActiveStreams
from iotflow_server.telemetry.times import parse_time, utc_now_ms


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
            with self._links.retaining():
                async with aclosing(configs.messages(since)) as messages:
                    async for message in messages:
                        yield message

    async def report(self, request: wire.ReportDeviceConfigRequest) -> wire.ReportDeviceConfigResponse:
        """ReportDeviceConfig."""
        device = await self._registry.get(request.device_id)
        if device.status == DeviceStatus.INACTIVE:
            raise device_inactive(device.id)
        return wire.ReportDeviceConfigResponse(config=await self._reports.report(device.id, request.config))
