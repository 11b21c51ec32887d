"""Encoding of devices."""

from collections.abc import Sequence

from iotflow.v1 import device_pb2
from iotflow_server.compute_thread import run_in_compute_thread
from iotflow_server.devices.device import Device
from iotflow_server.presence.last_seen import LastSeen
from iotflow_server.presence.online import Online
from iotflow_server.rpc.codec.wire_values import build_in_thread, timestamp_of, to_struct


class DeviceEncoder:
    """Encodes devices with their presence."""

    def __init__(self, last_seen: LastSeen, online: Online) -> None:
        self._last_seen = last_seen
        self._online = online

    async def device(self, device: Device) -> device_pb2.Device:
        """Encode a device."""
        return await build_in_thread(lambda: self._device(device), device.configuration)

    async def devices(self, devices: Sequence[Device]) -> list[device_pb2.Device]:
        """Encode devices in the compute thread."""
        return await run_in_compute_thread(lambda: [self._device(device) for device in devices])

    async def status(self, device: Device, telemetry_count: int) -> device_pb2.Device:
        """Encode a device with its count of readings, for the device itself."""
        encoded = await self.device(device)
        encoded.telemetry_count = telemetry_count
        return encoded

    def _device(self, device: Device) -> device_pb2.Device:
        encoded = _registered(device)
        encoded.configuration.CopyFrom(to_struct(device.configuration))
        last_seen = timestamp_of(self._last_seen.last_seen(device))
        if last_seen is not None:
            encoded.last_seen.CopyFrom(last_seen)
        encoded.is_online = self._online.is_online(device)
        return encoded


def registered(device: Device, key: str) -> device_pb2.Device:
    """Encode a newly registered device with its key."""
    encoded = _registered(device)
    encoded.api_key = key
    return encoded


def _registered(device: Device) -> device_pb2.Device:
    return device_pb2.Device(
        id=device.id,
        name=device.name,
        description=device.description,
        device_type=device.device_type,
        status=device.status,
        location=device.location,
        firmware_version=device.firmware_version,
        hardware_version=device.hardware_version,
        created_at=timestamp_of(device.created_at),
        updated_at=timestamp_of(device.updated_at),
    )
