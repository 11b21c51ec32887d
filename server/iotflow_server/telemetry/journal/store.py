"""The store port over a backend that has to be flushed."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from pathlib import Path

import structlog

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.batch import Batch, Rejection, ValueType
from iotflow_server.telemetry.journal.flushed import FlushedStore
from iotflow_server.telemetry.journal.journal import Journal
from iotflow_server.telemetry.journal.recovery.checkpointer import Checkpointer
from iotflow_server.telemetry.journal.write_path import WritePath
from iotflow_server.telemetry.journal_state import JournalState
from iotflow_server.telemetry.ports import Fill, Function, Latest, Span, Windows

# Whoever asks how things are waits no longer for a backend that says nothing.
_CHECK_SECONDS = 3.0
# What is not flushed by then is replayed by whoever takes the journal over.
_CLOSE_SECONDS = 5.0
_MEBIBYTE = 2**20

log = structlog.get_logger(__name__)


class JournaledStore:
    """Acknowledges a write when a journal on the local disk has it durably and the backend has taken it; while the
    backend is away, or behind the journal, when the journal has it.

    root: the folder of all journals of this disk, made where it is missing; each process has one of its own in it, and
    takes over those of processes that are gone. limit_bytes: how much the journal may hold. checkpoint_bytes,
    checkpoint_seconds: after so much or so long the backend is flushed and the journal emptied; a flush makes files of what
    IoTDB has in memory, and small ones made often are work for it ever after, while this much is replayed within seconds.
    retry_seconds: the time between two tries to reach a backend that is away. segment_bytes: the size of a journal's
    files. start_seconds: how long the first start on a disk waits for the backend; afterwards, and where there was a
    journal before, writes begin without it. quiet_seconds: so long a backend must have answered without a pause before it
    is given anything again. patience_seconds: so long a write waits for a backend that says nothing (the
    first writes of many devices, whose time series it makes, may take some seconds).

    A write that finds the backend away is refused nothing: what the backend refuses when it gets the readings at last is
    in the log, and counted.
    """

    def __init__(
        self,
        backend: FlushedStore,
        root: Path,
        *,
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
        self._journal = Journal(root, limit_bytes, segment_bytes)
        self._keeper = Checkpointer(backend, self._journal, quiet_seconds)
        # A journal that is smaller than that must not be full before it is emptied.
        due_bytes = min(checkpoint_bytes, limit_bytes // 2)
        self._writing = WritePath(backend, self._journal, self._keeper, due_bytes, patience_seconds)
        self._checkpoint_seconds = checkpoint_seconds
        self._retry_seconds = retry_seconds
        self._start_seconds = start_seconds
        self._keeping: asyncio.Task[None] | None = None
        self._usable = False

    @property
    def name(self) -> str:
        return self._backend.name

    @property
    def writers(self) -> int:
        return self._backend.writers

    @property
    def buffering(self) -> bool:
        return self._usable and self._keeper.lacking

    async def start(self) -> None:
        is_first = await self._journal.open()
        try:
            await self._backend.start()
            await self._await_backend(self._start_seconds if is_first else 0.0)
            await self._keeper.begin()
        except BaseException:
            await self._backend.close()
            await self._journal.close()
            raise
        self._usable = True
        self._keeping = asyncio.create_task(self._keep(), name="journal keeper")

    async def close(self) -> None:
        self._usable = False
        await self._writing.drain()
        keeping, self._keeping = self._keeping, None
        if keeping is not None:
            keeping.cancel()
            await asyncio.wait([keeping])
            await self._empty_journal()
        # What a replay is still writing must have ended before another process may take the journal over.
        await self._backend.close()
        if keeping is not None:
            await self._journal.traffic.drain()
            await self._journal.close()

    async def check(self) -> str:
        self._check_usable()
        await self._keeper.probe(_CHECK_SECONDS)
        if self._keeper.lost:
            self._keeper.fall_behind(self._keeper.available)
        state = self.journal
        if state.backend_available and not state.buffering:
            return ""
        self._journal.check_room()
        trouble = "does not have all readings yet" if state.backend_available else "is away"
        kept = f"{state.bytes / _MEBIBYTE:.1f} of {state.limit_bytes / _MEBIBYTE:.0f} MiB"
        return f"{self.name} {trouble}; readings are kept in the journal ({kept}) and written to it later"

    @property
    def journal(self) -> JournalState:
        keeper, catching_up = self._keeper, self._keeper.catching_up
        return JournalState(
            entries=self._journal.entries,
            bytes=self._journal.bytes,
            limit_bytes=self._journal.limit_bytes,
            oldest_seconds=self._journal.oldest_seconds,
            buffering=self.buffering,
            replaying=catching_up.replaying,
            backend_available=keeper.available or catching_up.replaying,
            replayed=catching_up.figures.replayed,
            refused=catching_up.figures.refused,
        )

    async def write(self, batches: Sequence[Batch]) -> list[tuple[Rejection, ...]]:
        self._check_usable()
        return await self._writing.write(batches)

    async def delete(self, device_id: int, span: Span) -> None:
        """Unavailable while the backend is behind the journal: what it will get is not there to be deleted yet."""
        self._check_usable()
        await self._writing.delete(device_id, span)

    async def drop(self, device_id: int, measurement: str) -> None:
        """Unavailable while the backend is behind the journal, as `delete`."""
        self._check_usable()
        await self._writing.drop(device_id, measurement)

    async def retype(self, device_id: int, measurement: str, value_type: ValueType) -> None:
        """Unavailable while the backend is behind the journal. The readings are in the journal while the backend changes them."""
        self._check_usable()
        await self._writing.retype(device_id, measurement, value_type)

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

    async def latest(
        self, device_ids: Sequence[int], measurements: Sequence[str] | None = None
    ) -> dict[int, tuple[Latest, ...]]:
        return await self._backend.latest(device_ids, measurements)

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

    async def set_retention(self, device_id: int | None, milliseconds: int | None) -> None:
        await self._backend.set_retention(device_id, milliseconds)

    async def _await_backend(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not await self._keeper.probe(_CHECK_SECONDS):
            trouble = self._keeper.trouble
            if trouble is not None and trouble.reason == "STORE_LOGIN_REFUSED":
                # No waiting helps, and a journal that nobody empties would only hide it.
                raise trouble
            left = deadline - time.monotonic()
            if left <= 0:
                log.warning("store_away", store=self.name, readings="are kept in the journal until it is there")
                return
            log.warning("waiting_for_store", store=self.name, at_most_seconds=round(left))
            await asyncio.sleep(min(_CHECK_SECONDS, left))

    async def _keep(self) -> None:
        while True:
            if not self._keeper.behind:
                await self._wait(self._checkpoint_seconds)
            try:
                await self._keeper.work()
            except Unavailable:
                await asyncio.sleep(self._retry_seconds)
            except Exception:
                # Without a keeper the journal would only grow.
                log.exception("journal_keeper_failed")
                await asyncio.sleep(self._retry_seconds)

    async def _wait(self, seconds: float) -> None:
        keeper, deadline = self._keeper, time.monotonic() + seconds
        # That the backend is another one may have come out by a question; that, and what other processes do, rings no bell.
        while not keeper.lacking and (left := deadline - time.monotonic()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, self._retry_seconds)):
                    await keeper.due.wait()
                    break
            if self._journal.has_durable:
                await self._journal.drop()
        keeper.due.clear()

    async def _empty_journal(self) -> None:
        with suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._keeper.settle()

    def _check_usable(self) -> None:
        if not self._usable:
            raise Unavailable("STORE_UNAVAILABLE", "The telemetry store is not open.")
