"""Ingest of readings for devices, the same for all RPCs: the device, its timestamps, and the queue to the store."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from iotflow.words import DeviceStatus
from iotflow_server.auth.principal import Principal
from iotflow_server.devices.device import Device, device_inactive
from iotflow_server.devices.device_cache import DeviceCache
from iotflow_server.presence.last_seen import LastSeen
from iotflow_server.telemetry.batch import Batch
from iotflow_server.telemetry.checks import Limits
from iotflow_server.telemetry.ingest import Ingest, Queued
from iotflow_server.telemetry.multi_device_batch import MultiDeviceBatch
from iotflow_server.telemetry.outcome import Outcome, Tally
from iotflow_server.telemetry.timestamps import TimestampAllocator


@dataclass(frozen=True, slots=True)
class DeviceIngest:
    """The parts that every RPC for readings uses."""

    ingest: Ingest
    device_cache: DeviceCache
    last_seen: LastSeen
    timestamps: TimestampAllocator
    limits: Limits
    tally: Tally

    async def writer(self, principal: Principal, device_id: int) -> Device:
        """The device that a caller writes for; see Principal.writes_for. Raises NotFound, or PermissionDenied if it is inactive."""
        named = principal.writes_for(device_id)
        if principal.device is not None:
            return principal.device
        device = await self.device_cache.get(named)
        if device.status == DeviceStatus.INACTIVE:
            raise device_inactive(named)
        return device

    def known_writers(self, device_ids: Sequence[int]) -> list[Device | None]:
        """The devices for which a gateway can write without a look at the registry; None for each of the others."""
        found = self.device_cache.known(device_ids)
        return [device if device is not None and device.status != DeviceStatus.INACTIVE else None for device in found]

    async def put(self, batches: Sequence[tuple[Device, Batch]]) -> list[asyncio.Future[Outcome]]:
        """Queue batches, all or none, waiting while the queue is full; each future completes when its batch is durable."""
        self.last_seen.record_all([device.id for device, _ in batches])
        return await self.ingest.put(batches)

    async def put_together(self, devices: Sequence[Device], batch: MultiDeviceBatch) -> list[Queued]:
        """As put, for the devices of a batch, together where possible."""
        self.last_seen.record_all(batch.device_ids)
        return await self.ingest.put_together(devices, batch)

    async def submit(self, device: Device, batch: Batch) -> Outcome:
        """Store a batch; returns when it is durable."""
        (outcome,) = await self.put([(device, batch)])
        return await outcome
