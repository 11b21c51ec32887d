"""A store whose newest values are remembered beside it."""

from collections.abc import AsyncGenerator, Sequence
from itertools import starmap

from iotflow_server.telemetry.accepted import accepted
from iotflow_server.telemetry.batch import Batch, Rejection, ValueType
from iotflow_server.telemetry.journal import FlushedStore
from iotflow_server.telemetry.journal_state import JournalState
from iotflow_server.telemetry.latest.hot_devices import HotDevices
from iotflow_server.telemetry.latest.values import LatestValues, Values
from iotflow_server.telemetry.ports import Fill, Function, Latest, Span, Windows


class CachedLatestStore:
    """Answers `latest` of devices that somebody keeps asking about from `values`, and everything else from the backend.

    Stands before the backend itself, and behind a journal: what the backend gets late, from the journal, is noted when it
    gets it, and what it refuses then is not.
    """

    def __init__(self, backend: FlushedStore, values: LatestValues) -> None:
        self._backend = backend
        self._values = values
        self._regulars = HotDevices()

    @property
    def name(self) -> str:
        return self._backend.name

    @property
    def writers(self) -> int:
        return self._backend.writers

    @property
    def buffering(self) -> bool:
        return self._backend.buffering

    @property
    def journal(self) -> JournalState | None:
        return self._backend.journal

    @property
    def epoch(self) -> int:
        return self._backend.epoch

    async def start(self) -> None:
        await self._backend.start()

    async def close(self) -> None:
        await self._backend.close()

    async def check(self) -> str:
        return await self._backend.check()

    async def flush(self) -> None:
        await self._backend.flush()

    async def write(self, batches: Sequence[Batch]) -> list[tuple[Rejection, ...]]:
        try:
            rejections = await self._backend.write(batches)
            kept = starmap(accepted, zip(batches, rejections, strict=True))
            await self._values.note([batch for batch in kept if batch is not None])
        except BaseException:
            # They may have been stored all the same, or will be.
            await self._values.forget([batch.device_id for batch in batches])
            raise
        return rejections

    async def latest(
        self, device_ids: Sequence[int], measurements: Sequence[str] | None = None
    ) -> dict[int, tuple[Latest, ...]]:
        asked = await self._values.ask(self._regulars.note(device_ids))
        known = {device_id: values for device_id, values in asked.found.items() if values}
        if asked.vacant:
            found = await self._backend.latest(asked.vacant)
            await self._values.fill(asked, found)
            known |= found
        chosen = {device_id: _chosen(values, measurements) for device_id, values in known.items()}
        others = list(set(device_ids).difference(asked.found, asked.vacant))
        if others:
            chosen |= await self._backend.latest(others, measurements)
        return {device_id: values for device_id, values in chosen.items() if values}

    async def delete(self, device_id: int, span: Span) -> None:
        try:
            await self._backend.delete(device_id, span)
        finally:
            await self._values.forget([device_id])

    async def drop(self, device_id: int, measurement: str) -> None:
        try:
            await self._backend.drop(device_id, measurement)
        finally:
            await self._values.forget([device_id])

    async def retype(self, device_id: int, measurement: str, value_type: ValueType) -> None:
        try:
            await self._backend.retype(device_id, measurement, value_type)
        finally:
            await self._values.forget([device_id])

    async def set_retention(self, device_id: int | None, milliseconds: int | None) -> None:
        try:
            await self._backend.set_retention(device_id, milliseconds)
        finally:
            await self._values.forget(None if device_id is None else [device_id])

    def read(
        self,
        device_id: int,
        span: Span,
        measurements: Sequence[str] | None = None,
        *,
        newest_first: bool = False,
        chunk_rows: int = 10_000,
    ) -> AsyncGenerator[Batch]:
        return self._backend.read(device_id, span, measurements, newest_first=newest_first, chunk_rows=chunk_rows)

    async def aggregate(
        self,
        device_id: int,
        span: Span,
        window: int,
        functions: Sequence[Function],
        measurements: Sequence[str] | None = None,
        fill: Fill | None = None,
    ) -> Windows:
        return await self._backend.aggregate(device_id, span, window, functions, measurements, fill)

    async def measurements(self, device_id: int) -> dict[str, ValueType]:
        return await self._backend.measurements(device_id)

    async def count(self, device_id: int, span: Span) -> int:
        return await self._backend.count(device_id, span)


def _chosen(values: Values, measurements: Sequence[str] | None) -> Values:
    """Those asked for, in the order asked for; all by name."""
    by_name = {latest.column.measurement: latest for latest in values}
    names = sorted(by_name) if measurements is None else dict.fromkeys(measurements)
    return tuple(by_name[name] for name in names if name in by_name)
