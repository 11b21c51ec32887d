"""GetDeviceStatus and SendHeartbeat: the status of the calling device."""

from iotflow.status_words import OFFLINE, status_word
from iotflow.v1 import device_service_pb2 as wire
from iotflow.words import Presence
from iotflow_server.auth.principal import Principal
from iotflow_server.devices.device import utc_now
from iotflow_server.devices.registry import Registry
from iotflow_server.presence.last_seen import LastSeen, SessionReport
from iotflow_server.presence.online import Online
from iotflow_server.rpc.codec.wire_devices import DeviceEncoder
from iotflow_server.rpc.codec.wire_values import timestamp_ms
from iotflow_server.telemetry.ports import Span, TelemetryReader
from iotflow_server.telemetry.times import utc_now_ms


class StatusHandler:
    """Reads the status, and records signs of life."""

    def __init__(
        self,
        *,
        registry: Registry,
        last_seen: LastSeen,
        online: Online,
        encoder: DeviceEncoder,
        reader: TelemetryReader,
    ) -> None:
        self._registry = registry
        self._last_seen = last_seen
        self._online = online
        self._encoder = encoder
        self._reader = reader

    async def status(self, principal: Principal) -> wire.GetDeviceStatusResponse:
        """GetDeviceStatus."""
        device = await self._registry.get(principal.own_device().id)
        self._last_seen.record(device.id)
        count = await self._reader.count(device.id, Span(), caller=principal.limit_key)
        return wire.GetDeviceStatusResponse(device=await self._encoder.status(device, count))

    async def heartbeat(self, request: wire.SendHeartbeatRequest, principal: Principal) -> wire.SendHeartbeatResponse:
        """SendHeartbeat."""
        device = principal.own_device()
        goes_offline = status_word(request.status.string_value) == OFFLINE
        if goes_offline:
            await self._online.record([SessionReport(device.id, online=False, at=utc_now())])
        else:
            self._last_seen.record(device.id)
        return wire.SendHeartbeatResponse(
            message="Heartbeat received",
            device_id=device.id,
            timestamp=timestamp_ms(utc_now_ms()),
            status=OFFLINE if goes_offline else Presence.ONLINE,
        )
