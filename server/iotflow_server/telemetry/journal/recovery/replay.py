"""Replay of the journals into the backend, and logging of the values that it rejects."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

import structlog

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.batch import Batch, Rejection
from iotflow_server.telemetry.batch_encoding import decode
from iotflow_server.telemetry.journal.coordination.write_coordinator import WriteCoordinator
from iotflow_server.telemetry.journal.recovery.exclusions import Deletion, without_deleted
from iotflow_server.telemetry.journal.recovery.history import History
from iotflow_server.telemetry.ports import TelemetryWriter

# Payload read at a time, large enough to write many small groups in one call; and its limit in memory, where columns with
# many gaps may take far more.
_GROUP_BYTES, _HELD_BYTES = 4 * 2**20, 32 * 2**20
# Payload written between two flushes of the backend.
_FLUSH_BYTES = 64 * 2**20

# Number of measurements named in a log line.
_NAMED = 5

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class ReplayFigures:
    """Number of values written again since the start, and of those rejected."""

    replayed: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class ReplayBounds:
    """records: those that the backend may lack. deletions: must not be undone. acknowledged: numbers of the records whose
    senders know their rejections."""

    records: History
    deletions: Sequence[Deletion]
    acknowledged: set[int]


@dataclass(frozen=True, slots=True)
class ReplayProgress:
    """bytes: payload written. last: number of the last record written. is_last: no records are left."""

    bytes: int
    last: int
    is_last: bool


@dataclass(slots=True)
class _Group:
    """numbers: number of the record of each batch. bytes: of the payloads. held: of the batches in memory."""

    batches: list[Batch] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    bytes: int = 0
    held: int = 0
    last: int = 0


class Replay:
    """Writes the records of all journals of a disk to the backend, in the order of their numbers."""

    def __init__(
        self, writer: TelemetryWriter, coordinator: WriteCoordinator, bounds: ReplayBounds, figures: ReplayFigures
    ) -> None:
        self._writer = writer
        self._coordinator = coordinator
        self._bounds = bounds
        self._figures = figures

    async def write_next(self, until: int) -> ReplayProgress:
        """Write the next records up to this number. Raises Unavailable; some of them may have been written."""
        size = last = 0
        while size < _FLUSH_BYTES:
            group = await asyncio.to_thread(self._next_group, until)
            if not group.last:
                return ReplayProgress(size, last, is_last=True)
            await self._write(group)
            size, last = size + group.bytes, group.last
        return ReplayProgress(size, last, is_last=False)

    def finish(self) -> None:
        """End the replay; nothing is left to read."""
        self._bounds.records.finish()

    def _next_group(self, until: int) -> _Group:
        group = _Group()
        for record in self._bounds.records.until(until):
            decoded = decode(record.payload)
            group.batches += (without_deleted(batch, record.number, self._bounds.deletions) for batch in decoded)
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
            if number not in self._bounds.acknowledged:
                self._log_rejections(batch, rejections)

    async def _outcomes(self, batches: Sequence[Batch]) -> list[tuple[Rejection, ...]]:
        try:
            # An interrupted write is still carried out: the next replay waits for its end.
            return await asyncio.shield(self._coordinator.replay(lambda: self._writer.write(batches)))
        except Unavailable:
            raise
        except Exception:
            # A batch that the backend fails on must not block the others forever.
            if len(batches) > 1:
                return [outcome for batch in batches for outcome in await self._outcomes([batch])]
            log.exception("replay_failed", device_id=batches[0].device_id)
            return [
                (
                    Rejection(
                        0,
                        len(batches[0].times),
                        "",
                        "STORE_FAILED",
                        "The telemetry store failed to store the batch; see the server's log.",
                    ),
                )
            ]

    def _log_rejections(self, batch: Batch, rejections: Sequence[Rejection]) -> None:
        rejected: dict[str, Counter[str]] = {}
        for rejection in rejections:
            width = 1 if rejection.measurement else len(batch.columns)
            self._figures.rejected += rejection.count * width
            rejected.setdefault(rejection.reason, Counter())[rejection.measurement] += rejection.count
        # One line per reason: a device may have a thousand rejected measurements.
        for reason, rows in rejected.items():
            log.error(
                "acknowledged_readings_rejected",
                device_id=batch.device_id,
                measurement=", ".join(islice(rows, _NAMED)),
                measurements=len(rows),
                reason=reason,
                rows=rows.total(),
            )
