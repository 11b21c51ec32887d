"""Giving the backend again what it may have lost, and telling what it refuses then."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.batch import Batch, Rejection
from iotflow_server.telemetry.journal.deletions import held, noted, without
from iotflow_server.telemetry.journal.encoding import decode
from iotflow_server.telemetry.journal.segments import Segment
from iotflow_server.telemetry.store import TelemetryStore

# As much is in memory at a time; large enough to write many small groups in one call.
_GROUP_BYTES = 4 * 2**20

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Figures:
    """Values written again, and of them refused, since the start."""

    replayed: int = 0
    refused: int = 0


class Replay:
    """Writes segments to the backend in the journal's order.

    answered: numbers of this process's records whose refusals their senders have been told.
    """

    def __init__(self, backend: TelemetryStore) -> None:
        self._backend = backend
        self.figures = Figures()
        self.answered: set[int] = set()

    async def write(self, segment: Segment) -> None:
        """Write all of a segment; Unavailable: some of it may have been written."""
        folder, groups = segment.path.parent, _groups(segment)
        while group := await asyncio.to_thread(next, groups, None):
            batches, numbers = group
            async with held(folder):
                await self._write_group(await asyncio.to_thread(_left, folder, batches, numbers), numbers)

    async def _write_group(self, batches: list[Batch], numbers: list[int]) -> None:
        for batch, number, rejections in zip(batches, numbers, await self._outcomes(batches), strict=True):
            self.figures.replayed += batch.values
            if number not in self.answered:
                self._tell(batch, rejections)

    async def _outcomes(self, batches: Sequence[Batch]) -> list[tuple[Rejection, ...]]:
        try:
            return await self._backend.write(batches)
        except Unavailable:
            raise
        except Exception:
            # One that the backend chokes on must not hold up the others for ever.
            if len(batches) > 1:
                return [outcome for batch in batches for outcome in await self._outcomes([batch])]
            log.exception("replay_failed", device_id=batches[0].device_id)
            return [(Rejection(0, len(batches[0].times), "", "STORE_FAILED", "The store failed over it."),)]

    def _tell(self, batch: Batch, rejections: Sequence[Rejection]) -> None:
        for rejection in rejections:
            width = 1 if rejection.measurement else len(batch.columns)
            self.figures.refused += rejection.count * width
            log.error(
                "acknowledged_readings_refused",
                device_id=batch.device_id,
                measurement=rejection.measurement,
                reason=rejection.reason,
                rows=rejection.count,
            )


def _groups(segment: Segment) -> Iterator[tuple[list[Batch], list[int]]]:
    """Batches to be written together, and for each the number of its record."""
    batches: list[Batch] = []
    numbers: list[int] = []
    size = 0
    for record in segment.records():
        decoded = decode(record.payload)
        batches += decoded
        numbers += [record.number] * len(decoded)
        size += len(record.payload)
        if size >= _GROUP_BYTES:
            yield batches, numbers
            batches, numbers, size = [], [], 0
    if batches:
        yield batches, numbers


def _left(folder: Path, batches: Sequence[Batch], numbers: Sequence[int]) -> list[Batch]:
    """The batches without what others have deleted since."""
    deletions = noted(folder)
    return [without(batch, number, deletions) for batch, number in zip(batches, numbers, strict=True)]
