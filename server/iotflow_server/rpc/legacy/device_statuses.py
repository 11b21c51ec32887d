"""ListDeviceStatuses: the short list of devices of the older service."""

from iotflow.v1 import legacy_pb2
from iotflow.v1 import legacy_service_pb2 as wire
from iotflow_server.compute_thread import run_in_compute_thread
from iotflow_server.devices.device import Device
from iotflow_server.devices.registry import Registry
from iotflow_server.presence.online import Online

DEFAULT_LIMIT = 100


class DeviceStatusHandler:
    """Lists devices by id, with few fields."""

    def __init__(self, *, registry: Registry, online: Online) -> None:
        self._registry = registry
        self._online = online

    async def list(self, request: wire.ListDeviceStatusesRequest) -> wire.ListDeviceStatusesResponse:
        """ListDeviceStatuses."""
        limit = request.limit or DEFAULT_LIMIT
        total, devices = await self._registry.slice(request.offset, limit)
        meta = legacy_pb2.DeviceStatusesMeta(total=total, limit=limit, offset=request.offset)
        return await run_in_compute_thread(
            lambda: wire.ListDeviceStatusesResponse(devices=[self._short(device) for device in devices], meta=meta)
        )

    def _short(self, device: Device) -> legacy_pb2.DeviceSummary:
        return legacy_pb2.DeviceSummary(
            id=device.id,
            name=device.name,
            device_type=device.device_type,
            status=device.status,
            is_online=self._online.is_online(device),
        )
