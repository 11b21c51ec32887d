"""GetDeviceConfig, UpdateDeviceConfig and WatchConfig: the reported and the desired configuration of one device."""

from collections.abc import AsyncGenerator, AsyncIterator

from google.api.httpbody_pb2 import HttpBody

from iotflow.v1 import config_pb2
from iotflow.v1 import device_service_pb2 as wire
from iotflow_server.auth.principal import Principal
from iotflow_server.config.desired import DesiredConfig, DesiredConfigs
from iotflow_server.config.twin import difference
from iotflow_server.devices.device import Device
from iotflow_server.devices.registry import Registry
from iotflow_server.presence.last_seen import LastSeen
from iotflow_server.rpc.codec.wire_devices import DeviceEncoder
from iotflow_server.rpc.codec.wire_values import build_in_thread, timestamp_of, to_struct
from iotflow_server.rpc.config.reports import report_of
from iotflow_server.streams.active_streams import ActiveStream, ActiveStreams
from iotflow_server.streams.change_feed import POLL_SECONDS, PolledChanges


class ReportedConfigHandler:
    """Serves UpdateDeviceConfig of the device, its form for REST, and ReportDeviceConfig of gateways."""

    def __init__(self, *, registry: Registry, last_seen: LastSeen, encoder: DeviceEncoder) -> None:
        self._registry = registry
        self._last_seen = last_seen
        self._encoder = encoder

    async def report(
        self, device_id: int, request: wire.UpdateDeviceConfigRequest | HttpBody
    ) -> wire.UpdateDeviceConfigResponse:
        """Store the reported state. Raises NotFound, InvalidArgument, Unavailable."""
        report = await report_of(request)
        device = await self._registry.report(device_id, report.changes())
        self._last_seen.record(device_id)
        response = wire.UpdateDeviceConfigResponse(
            message="Device configuration updated successfully",
            device=await self._encoder.device(device),
            config_key=report.key,
            data_type=report.texts.get("data_type", ""),
        )
        if report.key:
            value = await build_in_thread(lambda: to_struct({"value": report.value}), report.value)
            response.config_value.CopyFrom(value.fields["value"])
        return response


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
            async for message in _versions(device, self._desired, active_stream):
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


async def _versions(
    device: Device, desired: DesiredConfigs, active_stream: ActiveStream
) -> AsyncIterator[wire.WatchConfigResponse]:
    """Send the desired configuration, then each newer version."""
    with desired.changes.subscribe(device.id, lambda _: True) as subscription:
        polled = PolledChanges(subscription, active_stream, POLL_SECONDS)
        last = -1
        while True:
            await polled.next()
            found = await desired.get(device.id)
            if found.version > last:
                last = found.version
                yield wire.WatchConfigResponse(config=desired_config(device, found))


def desired_config(device: Device, desired: DesiredConfig) -> config_pb2.DesiredConfig:
    """Encode the desired configuration of a device."""
    return config_pb2.DesiredConfig(
        device_id=device.id,
        device_name=device.name,
        desired=to_struct(desired.document) if desired.version else None,
        desired_version=desired.version,
        changed_at=timestamp_of(desired.changed_at),
    )
