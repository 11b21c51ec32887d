"""A durable writer over a backend whose writes have to be flushed."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import structlog

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.batch import Rejection, ValueType
from iotflow_server.telemetry.journal.flushed import FlushedBackend
from iotflow_server.telemetry.journal.journal import Journal
from iotflow_server.telemetry.journal.recovery.checkpointer import Checkpointer
from iotflow_server.telemetry.journal.write_path import WritePath
from iotflow_server.telemetry.multi_device_batch import AnyBatch
from iotflow_server.telemetry.ports import JournalState, Span, TelemetryWriter

# Longest time a health check waits for a backend that does not respond.
_CHECK_SECONDS = 3.0
# Longest time `close` spends on emptying the journal; the process that takes the journal over replays the rest.
_CLOSE_SECONDS = 5.0
_MEBIBYTE = 2**20

log = structlog.get_logger(__name__)


class JournaledWriter:
    """Acknowledges a write when the local journal has it durably and the backend has accepted it; while the backend is
    away or behind the journal, as soon as the journal has it.

    Readers read the backend directly. Values of a buffered write cannot be rejected to their sender; if the backend
    rejects them later, they are logged and counted.

    root: folder of all journals on this disk, created if missing; each process has a journal of its own in it and takes
    over those of ended processes. writer: path of the writes to the backend, such as a cache in front of it; default: the
    backend itself. limit_bytes: largest size of the journal. checkpoint_bytes, checkpoint_seconds: size and age at which
    the backend is flushed and the journal emptied. Frequent flushes leave small files in IoTDB that cost it work later,
    while a journal of the default size is replayed within seconds. retry_seconds: time between two attempts to reach a
    backend that is away. segment_bytes: size of the journal's files. start_seconds: how long the first start on a disk
    waits for the backend; later starts do not wait. quiet_seconds: how long a backend must have responded without a pause
    before the journal is replayed. patience_seconds: how long a write waits for a backend that does not respond (the first
    writes of many devices may take some seconds, because their time series are created).
    """

    def __init__(
        self,
        backend: FlushedBackend,
        root: Path,
        *,
        writer: TelemetryWriter | None = None,
        limit_bytes: int = 2**30,
        checkpoint_bytes: int = 256 * 2**20,
        checkpoint_seconds: float = 60.0,
        retry_seconds: float = 1.0,
        segment_bytes: int = 64 * 2**20,
        start_seconds: float = 30.0,
        quiet_seconds: float = 1.0,
        patience_seconds: float = 10.0,
    ) -> None:
        self._backend = backend
        self._writer = writer or backend
        self._journal = Journal(root, limit_bytes, segment_bytes)
        self._checkpointer = Checkpointer(backend, self._writer, self._journal, quiet_seconds)
        # A small journal must be emptied before it is full.
        due_bytes = min(checkpoint_bytes, limit_bytes // 2)
        self._write_path = WritePath(
            backend, self._writer, self._journal, self._checkpointer, due_bytes, patience_seconds
        )
        self._checkpoint_seconds = checkpoint_seconds
        self._retry_seconds = retry_seconds
        self._start_seconds = start_seconds
        self._task: asyncio.Task[None] | None = None
        self._usable = False

    @property
    def name(self) -> str:
        return self._backend.name

    @property
    def writers(self) -> int:
        return self._backend.writers

    @property
    def buffering(self) -> bool:
        return self._usable and self._checkpointer.incomplete

    async def start(self) -> None:
        is_first = await self._journal.open()
        try:
            await self._backend.start()
            await self._await_backend(self._start_seconds if is_first else 0.0)
            await self._checkpointer.begin()
        except BaseException:
            # Also if cancelled: the folder of the journal must be unlocked for the next start.
            await self._backend.close()
            await self._journal.close()
            raise
        self._usable = True
        self._task = asyncio.create_task(self._checkpoint_regularly(), name="journal checkpointer")

    async def close(self) -> None:
        self._usable = False
        await self._write_path.drain()
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
            await self._empty_journal()
        # Writes of a replay must have ended before another process may take the journal over.
        await self._backend.close()
        if task is not None:
            await self._journal.coordinator.drain()
            await self._journal.close()

    async def check(self) -> str:
        self._check_usable()
        await self._checkpointer.probe(_CHECK_SECONDS)
        if self._checkpointer.restarted:
            self._checkpointer.fall_behind(self._checkpointer.available)
        state = self.journal
        if state.backend_available and not state.buffering:
            return ""
        self._journal.check_room()
        problem = "does not have all readings yet" if state.backend_available else "is away"
        used = f"{state.bytes / _MEBIBYTE:.1f} of {state.limit_bytes / _MEBIBYTE:.0f} MiB"
        return f"{self.name} {problem}; readings are kept in the journal ({used}) and written to it later"

    @property
    def journal(self) -> JournalState:
        recovery = self._checkpointer.recovery
        return JournalState(
            entries=self._journal.entries,
            bytes=self._journal.bytes,
            limit_bytes=self._journal.limit_bytes,
            oldest_seconds=self._journal.oldest_seconds,
            buffering=self.buffering,
            replaying=recovery.replaying,
            backend_available=self._checkpointer.available or recovery.replaying,
            replayed=recovery.figures.replayed,
            rejected=recovery.figures.rejected,
        )

    async def write(self, batches: Sequence[AnyBatch]) -> list[tuple[Rejection, ...]]:
        self._check_usable()
        return await self._write_path.write(batches)

    async def delete(self, device_id: int, span: Span) -> None:
        """Unavailable while the backend is behind the journal: it does not have all readings to be deleted yet."""
        self._check_usable()
        await self._write_path.delete(device_id, span)

    async def drop(self, device_id: int, measurement: str) -> None:
        """Unavailable while the backend is behind the journal."""
        self._check_usable()
        await self._write_path.drop(device_id, measurement)

    async def retype(self, device_id: int, measurement: str, value_type: ValueType) -> None:
        """Unavailable while the backend is behind the journal. The journal holds the readings during the conversion."""
        self._check_usable()
        await self._write_path.retype(device_id, measurement, value_type)

    async def set_retention(self, device_id: int | None, milliseconds: int | None) -> None:
        await self._writer.set_retention(device_id, milliseconds)

    async def _await_backend(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not await self._checkpointer.probe(_CHECK_SECONDS):
            problem = self._checkpointer.problem
            if problem is not None and problem.reason == "STORE_LOGIN_REJECTED":
                # Waiting cannot help, and buffering in the journal would hide the wrong login.
                raise problem
            left = deadline - time.monotonic()
            if left <= 0:
                log.warning("store_away", store=self.name, readings="are kept in the journal until it is there")
                return
            log.warning("waiting_for_store", store=self.name, at_most_seconds=round(left))
            await asyncio.sleep(min(_CHECK_SECONDS, left))

    async def _checkpoint_regularly(self) -> None:
        while True:
            try:
                if not self._checkpointer.behind:
                    await self._wait(self._checkpoint_seconds)
                await self._checkpointer.run_once()
            except Unavailable:
                await asyncio.sleep(self._retry_seconds)
            except Exception:
                # This task must go on: without checkpoints the journal only grows.
                log.exception("journal_checkpoint_failed")
                await asyncio.sleep(self._retry_seconds)

    async def _wait(self, seconds: float) -> None:
        checkpointer, deadline = self._checkpointer, time.monotonic() + seconds
        # Neither a restart of the backend nor the work of other processes sets an event here: both are polled.
        while not checkpointer.incomplete and (left := deadline - time.monotonic()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, self._retry_seconds)):
                    await checkpointer.due.wait()
                    break
            if self._journal.has_durable:
                await self._journal.drop()
        checkpointer.due.clear()

    async def _empty_journal(self) -> None:
        with suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._checkpointer.empty_journal()

    def _check_usable(self) -> None:
        if not self._usable:
            raise Unavailable("STORE_UNAVAILABLE", "The telemetry store is not open.")
