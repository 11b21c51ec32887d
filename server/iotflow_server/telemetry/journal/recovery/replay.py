"""Giving the backend again what it may have lost, and telling what it refuses then."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

import structlog

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.batch import Batch, Rejection
from iotflow_server.telemetry.journal.coordination.write_coordinator import WriteCoordinator
from iotflow_server.telemetry.journal.disk.encoding import decode
from iotflow_server.telemetry.journal.recovery.exclusions import Deletion, without_deleted
from iotflow_server.telemetry.journal.recovery.history import History
from iotflow_server.telemetry.ports import TelemetryWriter

# As much is read at a time, large enough to write many small groups in one call; and as much of it is in memory: of columns
# with many gaps that may be far more.
_GROUP_BYTES, _HELD_BYTES = 4 * 2**20, 32 * 2**20
# So much is written before the backend is flushed.
_STRETCH_BYTES = 64 * 2**20

# Measurements in a line of the log.
_NAMED = 5

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class ReplayFigures:
    """Values written again, and of them refused, since the start."""

    replayed: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class ReplayBounds:
    """records: what the backend may lack. deletions: what of it must not come back. told: numbers of records of which
    something was refused, and their senders know it."""

    records: History
    deletions: Sequence[Deletion]
    told: set[int]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Records that were written, by the bytes of their payloads. last: the number of the last one. is_last: there are no
    more."""

    bytes: int
    last: int
    is_last: bool


@dataclass(slots=True)
class _Group:
    """numbers: for each batch the number of its record. bytes: of the records' payloads. held: of the batches."""

    batches: list[Batch] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    bytes: int = 0
    held: int = 0
    last: int = 0


class Replay:
    """Writes what all journals of a disk have to the backend, in the order of the records' numbers."""

    def __init__(
        self, writer: TelemetryWriter, traffic: WriteCoordinator, past: ReplayBounds, figures: ReplayFigures
    ) -> None:
        self._writer = writer
        self._traffic = traffic
        self._past = past
        self._figures = figures

    async def stretch(self, until: int) -> Stretch:
        """Write some of what comes next, up to the record of this number. Unavailable: some of it may have been written."""
        size = last = 0
        while size < _STRETCH_BYTES:
            group = await asyncio.to_thread(self._next_group, until)
            if not group.last:
                return Stretch(size, last, is_last=True)
            await self._write(group)
            size, last = size + group.bytes, group.last
        return Stretch(size, last, is_last=False)

    def end(self) -> None:
        """Nothing comes any more."""
        self._past.records.end()

    def _next_group(self, until: int) -> _Group:
        group = _Group()
        for record in self._past.records.until(until):
            decoded = decode(record.payload)
            group.batches += (without_deleted(batch, record.number, self._past.deletions) for batch in decoded)
            group.numbers += [record.number] * len(decoded)
            group.bytes, group.last = group.bytes + len(record.payload), record.number
            group.held += sum(batch.size for batch in decoded)
            if group.bytes >= _GROUP_BYTES or group.held >= _HELD_BYTES:
                break
        return group

    async def _write(self, group: _Group) -> None:
        for batch, number, rejections in zip(
            group.batches, group.numbers, await self._outcomes(group.batches), strict=True
        ):
            self._figures.replayed += batch.values
            if number not in self._past.told:
                self._tell(batch, rejections)

    async def _outcomes(self, batches: Sequence[Batch]) -> list[tuple[Rejection, ...]]:
        try:
            # What is cut off is carried out all the same: whoever replays next waits for its end.
            return await asyncio.shield(self._traffic.replay(lambda: self._writer.write(batches)))
        except Unavailable:
            raise
        except Exception:
            # One that the backend chokes on must not hold up the others for ever.
            if len(batches) > 1:
                return [outcome for batch in batches for outcome in await self._outcomes([batch])]
            log.exception("replay_failed", device_id=batches[0].device_id)
            return [(Rejection(0, len(batches[0].times), "", "STORE_FAILED", "The store failed over it."),)]

    def _tell(self, batch: Batch, rejections: Sequence[Rejection]) -> None:
        refused: dict[str, Counter[str]] = {}
        for rejection in rejections:
            width = 1 if rejection.measurement else len(batch.columns)
            self._figures.refused += rejection.count * width
            refused.setdefault(rejection.reason, Counter())[rejection.measurement] += rejection.count
        # A line a reason: a device may have a thousand names refused.
        for reason, rows in refused.items():
            log.error(
                "acknowledged_readings_refused",
                device_id=batch.device_id,
                measurement=", ".join(islice(rows, _NAMED)),
                measurements=len(rows),
                reason=reason,
                rows=rows.total(),
            )
