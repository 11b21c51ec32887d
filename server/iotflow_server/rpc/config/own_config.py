"""GetDeviceConfig, UpdateDeviceConfig and WatchConfig: the configuration of the calling device."""

from collections.abc import AsyncGenerator

from google.api.httpbody_pb2 import HttpBody

from iotflow.v1 import device_service_pb2 as wire
from iotflow_server.auth.principal import Principal
from iotflow_server.config.desired import DesiredConfig, DesiredConfigs
from iotflow_server.config.twin import difference
from iotflow_server.devices.device import Device
from iotflow_server.devices.registry import Registry
from iotflow_server.presence.last_seen import LastSeen
from iotflow_server.rpc.codec.encoding import build_in_thread
from iotflow_server.rpc.codec.wire_values import to_struct
from iotflow_server.rpc.config.reported_config import ReportedConfigHandler
from iotflow_server.rpc.config.streams import device_config_stream
from iotflow_server.rpc.streams.active_streams import ActiveStreams


class OwnConfigHandler:
    """GetDeviceConfig, UpdateDeviceConfig and WatchConfig."""

    def __init__(
        self,
        *,
        registry: Registry,
        desired: DesiredConfigs,
        reports: ReportedConfigHandler,
        last_seen: LastSeen,
        active_streams: ActiveStreams,
    ) -> None:
        self._registry = registry
        self._desired = desired
        self._reports = reports
        self._last_seen = last_seen
        self._active_streams = active_streams

    async def get(self, principal: Principal) -> wire.GetDeviceConfigResponse:
        """GetDeviceConfig."""
        device = await self._registry.get(principal.own_device().id)
        self._last_seen.record(device.id)
        desired = await self._desired.get(device.id)
        return await build_in_thread(lambda: _config(device, desired), device.configuration, desired.document)

    async def report(
        self, request: wire.UpdateDeviceConfigRequest | HttpBody, principal: Principal
    ) -> wire.UpdateDeviceConfigResponse:
        """UpdateDeviceConfig and UpdateDeviceConfigJson."""
        return await self._reports.report(principal.own_device().id, request)

    async def watch(self, principal: Principal) -> AsyncGenerator[wire.WatchConfigResponse]:
        """WatchConfig."""
        device = principal.own_device()
        self._last_seen.record(device.id)
        async with self._active_streams.open(principal) as active_stream:
            async for message in device_config_stream(device.id, self._desired, active_stream):
                yield message


def _config(device: Device, desired: DesiredConfig) -> wire.GetDeviceConfigResponse:
    missing = difference(desired.document, device.configuration)
    return wire.GetDeviceConfigResponse(
        device_id=device.id,
        configuration=to_struct(device.configuration),
        desired=to_struct(desired.document) if desired.version else None,
        desired_version=desired.version,
        difference=to_struct(missing) if missing else None,
    )
