"""ListDevices and GetDevice."""

from iotflow.v1 import fleet_service_pb2 as wire
from iotflow_server.auth.principal import Principal
from iotflow_server.config.desired import DesiredConfigs
from iotflow_server.devices.device import DeviceFilter
from iotflow_server.devices.registry import Registry
from iotflow_server.presence.last_seen import LastSeen
from iotflow_server.presence.online import Online
from iotflow_server.rpc.codec.page_tokens import after_id, first_page, size_of, token_of
from iotflow_server.rpc.codec.wire_devices import DeviceEncoder
from iotflow_server.rpc.codec.wire_values import build_in_thread, to_struct
from iotflow_server.telemetry.ports import Span, TelemetryReader


class DeviceQueryHandler:
    """Finds devices by id or by filter."""

    def __init__(
        self,
        *,
        registry: Registry,
        desired: DesiredConfigs,
        last_seen: LastSeen,
        online: Online,
        encoder: DeviceEncoder,
        reader: TelemetryReader,
    ) -> None:
        self._registry = registry
        self._desired = desired
        self._last_seen = last_seen
        self._online = online
        self._encoder = encoder
        self._reader = reader

    async def list(self, request: wire.ListDevicesRequest) -> wire.ListDevicesResponse:
        """ListDevices."""
        device_filter = self._filter(request)
        size = size_of(request)
        if request.HasField("online") and not self._registry.is_indexed:
            # The newest last-seen times are in memory only.
            await self._last_seen.flush()
        total, devices = await self._registry.page(device_filter, after_id(request.page_token), size + 1)
        # Configurations may be long; the response has only as many devices as fit its size limit.
        page, more = first_page(await self._encoder.devices(devices), size, lambda last: token_of(last.id))
        return wire.ListDevicesResponse(total_devices=total, devices=page, next_page_token=more)

    async def get(self, request: wire.GetDeviceRequest, principal: Principal) -> wire.GetDeviceResponse:
        """GetDevice."""
        device = await self._registry.get(request.device_id)
        desired = await self._desired.get(device.id)
        return wire.GetDeviceResponse(
            device=await self._encoder.device(device),
            desired=await build_in_thread(lambda: to_struct(desired.document), desired.document)
            if desired.version
            else None,
            desired_version=desired.version,
            telemetry_count=await self._reader.count(device.id, Span(), caller=principal.limit_key),
        )

    def _filter(self, request: wire.ListDevicesRequest) -> DeviceFilter:
        since = self._online.since if request.HasField("online") else None
        return DeviceFilter(
            status=request.status,
            device_type=request.device_type,
            name=request.name,
            online_since=since if request.online else None,
            offline_since=None if request.online else since,
        )
