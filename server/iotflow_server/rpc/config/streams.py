"""Streams of desired configurations: of one device, and of all devices."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from datetime import datetime, timedelta

from iotflow.v1 import config_pb2, device_service_pb2, gateway_service_pb2, stream_pb2
from iotflow_server.config.desired import DesiredConfig, DesiredConfigs
from iotflow_server.devices.change_feed import ChangeSubscription
from iotflow_server.devices.device import Device, utc_now
from iotflow_server.devices.registry import Registry
from iotflow_server.rpc.codec.wire_values import timestamp_of, to_struct
from iotflow_server.rpc.streams.active_streams import ActiveStream

Own = device_service_pb2.WatchConfigResponse
OfDevice = gateway_service_pb2.WatchDeviceConfigsResponse

# The interval of polling. If Redis is unavailable, versions of other processes are found this late.
POLL_SECONDS = 30.0
# The clocks of processes differ, and a version becomes visible a little after its time.
OVERLAP = timedelta(minutes=1)
PAGE = 500
EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


async def device_config_stream(
    device_id: int, desired: DesiredConfigs, active_stream: ActiveStream
) -> AsyncIterator[Own]:
    """WatchConfig: sends the desired configuration, then each change."""
    with desired.changes.subscribe(device_id, lambda _: True) as subscription:
        active_stream.ended.add_done_callback(lambda _: subscription.wake())
        last = -1
        while True:
            subscription.take()
            found = await desired.get(device_id)
            if found.version > last:
                last = found.version
                yield _own(found)
            if active_stream.end_error:
                raise active_stream.end_error
            await subscription.wait(POLL_SECONDS)


class FleetConfigStream:
    """One open WatchDeviceConfigs."""

    def __init__(self, desired: DesiredConfigs, registry: Registry, active_stream: ActiveStream) -> None:
        self._desired = desired
        self._registry = registry
        self._active_stream = active_stream
        # The newest version sent for each device, as long as the next query may find it again.
        self._sent: dict[int, DesiredConfig] = {}

    async def messages(self, since: datetime) -> AsyncGenerator[OfDevice]:
        """Send all changes since this time, then each new change."""
        with self._desired.changes.subscribe(None, lambda _: True) as subscription:
            self._active_stream.ended.add_done_callback(lambda _: subscription.wake())
            while True:
                started = utc_now()
                async for message in self._stored(since):
                    yield message
                since = started - OVERLAP
                self._sent = {key: sent for key, sent in self._sent.items() if (sent.changed_at or started) >= since}
                yield OfDevice(caught_up=stream_pb2.StreamCaughtUp(timestamp=timestamp_of(since)))
                async for message in self._changes(subscription):
                    yield message

    async def _stored(self, since: datetime) -> AsyncIterator[OfDevice]:
        last = 0
        while page := await self._desired.changed_since(since, last, PAGE):
            last = page[-1].device_id
            for message in await self._newer(page):
                yield message

    async def _changes(self, subscription: ChangeSubscription[DesiredConfig]) -> AsyncIterator[OfDevice]:
        """Send changes until there is a gap, or until the next poll is due."""
        poll_at = _now() + POLL_SECONDS
        while _now() < poll_at:
            changes, has_gap = subscription.take()
            for message in await self._newer(changes):
                yield message
            if self._active_stream.end_error:
                raise self._active_stream.end_error
            if has_gap:
                return
            await subscription.wait(poll_at - _now())

    async def _newer(self, found: Iterable[DesiredConfig]) -> list[OfDevice]:
        """The versions that are newer than those sent, of existing devices."""
        newest: dict[int, DesiredConfig] = {}
        for one in found:
            sent = self._sent.get(one.device_id)
            if sent is None or sent.version < one.version:
                newest[one.device_id] = one
        devices = await self._registry.get_many(list(newest)) if newest else []
        self._sent |= newest
        return [_of(device, newest[device.id]) for device in devices]


def _own(desired: DesiredConfig) -> Own:
    if not desired.version:
        return Own()
    return Own(
        desired=to_struct(desired.document),
        desired_version=desired.version,
        changed_at=timestamp_of(desired.changed_at),
    )


def _of(device: Device, desired: DesiredConfig) -> OfDevice:
    config = config_pb2.DesiredConfig(
        device_id=device.id,
        device_name=device.name,
        desired=to_struct(desired.document),
        desired_version=desired.version,
        changed_at=timestamp_of(desired.changed_at),
    )
    return OfDevice(config=config)


def _now() -> float:
    return asyncio.get_running_loop().time()
