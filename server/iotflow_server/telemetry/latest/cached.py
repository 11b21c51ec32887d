"""A cache of newest values beside a store."""

import time
from collections.abc import Callable, Sequence
from itertools import starmap

from cachetools import TTLCache

from iotflow_server.telemetry.batch import Rejection, ValueType
from iotflow_server.telemetry.latest.values import LatestValues, Values
from iotflow_server.telemetry.multi_device_batch import AnyBatch, regrouped, separated
from iotflow_server.telemetry.outcome import accepted
from iotflow_server.telemetry.ports import SERVER, Latest, Span, TelemetryReader, TelemetryWriter, in_requested_order

MOST_DEVICES = 100_000
# Dashboards poll more often than this.
REPEAT_SECONDS = 60.0


class HotDevices:
    """Finds the devices whose newest values are queried repeatedly.

    Caching a device that is queried once is a waste: each of its writes would have to update the cache. timer: seconds.
    """

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._queried: TTLCache[int, None] = TTLCache(MOST_DEVICES, REPEAT_SECONDS, timer)

    def record(self, device_ids: Sequence[int]) -> list[int]:
        """Record a query; returns those of the devices that were also queried within the last REPEAT_SECONDS, each once."""
        distinct = dict.fromkeys(device_ids)
        hot = [device_id for device_id in distinct if device_id in self._queried]
        self._queried.update(distinct)
        return hot


class CachedLatestWriter:
    """A TelemetryWriter that keeps the cache up to date.

    Stands directly in front of the backend, behind a journal: a write that the journal delivers late is recorded when the
    backend gets it, and values that the backend rejects then are not recorded.
    """

    def __init__(self, backend: TelemetryWriter, values: LatestValues) -> None:
        self._backend = backend
        self._values = values

    async def write(self, batches: Sequence[AnyBatch]) -> list[tuple[Rejection, ...]]:
        separate = separated(batches)
        try:
            rejections = await self._backend.write(separate)
            kept = starmap(accepted, zip(separate, rejections, strict=True))
            await self._values.record([batch for batch in kept if batch is not None])
        except BaseException:
            # The backend may have stored them nevertheless, or may store them later.
            await self._values.invalidate([batch.device_id for batch in separate])
            raise
        return regrouped(batches, rejections)

    async def delete(self, device_id: int, span: Span) -> None:
        try:
            await self._backend.delete(device_id, span)
        finally:
            await self._values.invalidate([device_id])

    async def drop(self, device_id: int, measurement: str) -> None:
        try:
            await self._backend.drop(device_id, measurement)
        finally:
            await self._values.invalidate([device_id])

    async def retype(self, device_id: int, measurement: str, value_type: ValueType) -> None:
        try:
            await self._backend.retype(device_id, measurement, value_type)
        finally:
            await self._values.invalidate([device_id])

    async def set_retention(self, device_id: int | None, milliseconds: int | None) -> None:
        try:
            await self._backend.set_retention(device_id, milliseconds)
        finally:
            await self._values.invalidate(None if device_id is None else [device_id])


class CachedLatestReader:
    """A TelemetryReader that answers `latest` from the cache for devices that are queried repeatedly."""

    def __init__(self, backend: TelemetryReader, values: LatestValues) -> None:
        self._backend = backend
        self._values = values
        self._hot = HotDevices()
        self.read, self.aggregate = backend.read, backend.aggregate
        self.measurements, self.count = backend.measurements, backend.count

    async def latest(
        self, device_ids: Sequence[int], measurements: Sequence[str] | None = None, *, caller: str = SERVER
    ) -> dict[int, tuple[Latest, ...]]:
        lookup = await self._values.lookup(self._hot.record(device_ids))
        known = {device_id: values for device_id, values in lookup.found.items() if values}
        if lookup.missing:
            found = await self._backend.latest(lookup.missing, caller=caller)
            await self._values.fill(lookup, found)
            known |= found
        chosen = {device_id: _requested(values, measurements) for device_id, values in known.items()}
        others = list(set(device_ids).difference(lookup.found, lookup.missing))
        if others:
            chosen |= await self._backend.latest(others, measurements, caller=caller)
        return {device_id: values for device_id, values in chosen.items() if values}


def _requested(values: Values, measurements: Sequence[str] | None) -> Values:
    return in_requested_order({latest.column.measurement: latest for latest in values}, measurements)
