"""The way of writes and deletions into the journal and the backend."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.batch import Batch, Rejection, ValueType
from iotflow_server.telemetry.journal.coordination.device_locks import PerDeviceLock, PerDeviceLocks
from iotflow_server.telemetry.journal.coordination.write_coordinator import seen
from iotflow_server.telemetry.journal.flushed import FlushedBackend, durably
from iotflow_server.telemetry.journal.journal import Journal
from iotflow_server.telemetry.journal.recovery.checkpointer import Checkpointer
from iotflow_server.telemetry.ports import Span, TelemetryWriter
from iotflow_server.telemetry.retyping import retyped

Answer = TypeVar("Answer")
Rejections = tuple[Rejection, ...]
Direct = asyncio.Task[list[Rejections]]

_SILENT = Unavailable("STORE_UNAVAILABLE", "The telemetry store says nothing.")


class WritePath:
    """Writes and deletes, for each device in the order of the calls; see JournaledWriter.

    checkpoint_bytes: with so much in the journal the checkpointer has work. patience: seconds that a write waits for the backend;
    then the journal has to do.
    """

    def __init__(
        self,
        backend: FlushedBackend,
        writer: TelemetryWriter,
        journal: Journal,
        checkpointer: Checkpointer,
        checkpoint_bytes: int,
        patience: float,
    ) -> None:
        self._backend = backend
        self._writer = writer
        self._journal = journal
        self._checkpointer = checkpointer
        self._checkpoint_bytes = checkpoint_bytes
        self._patience = patience
        self._lanes = PerDeviceLocks()
        self._calls: set[asyncio.Task[Any]] = set()

    async def drain(self) -> None:
        """Return when the calls under way have ended."""
        if self._calls:
            await asyncio.wait(self._calls)

    async def write(self, batches: Sequence[Batch]) -> list[Rejections]:
        """Answers what the backend refused; nothing where it has not seen the batches yet."""
        turn = self._lanes.enter(batch.device_id for batch in batches)
        return await self._own(self._write(batches, turn))

    async def delete(self, device_id: int, span: Span) -> None:
        """Delete so that no replay brings it back. Unavailable while the backend is behind the journal."""
        await self._own(self._delete(device_id, span, self._lanes.enter([device_id])))

    async def drop(self, device_id: int, measurement: str) -> None:
        """Drop a measurement so that no replay brings it back. Unavailable while the backend is behind the journal."""
        await self._own(self._drop(device_id, measurement, self._lanes.enter([device_id])))

    async def retype(self, device_id: int, measurement: str, value_type: ValueType) -> None:
        """Keep a measurement in another type. Unavailable while the backend is behind the journal."""
        await self._own(self._retype(device_id, measurement, value_type, self._lanes.enter([device_id])))

    async def _write(self, batches: Sequence[Batch], turn: PerDeviceLock) -> list[Rejections]:
        async with turn, self._journal.traffic.append():
            self._journal.check_room()
            direct = self._journal.traffic.write(lambda: self._writer.write(batches))
            if direct is None:
                await self._journal.append(batches)
                return [()] * len(batches)
            outcomes = await self._write_to_both(batches, direct)
        if self._journal.bytes >= self._checkpoint_bytes:
            self._checkpointer.due.set()
        return outcomes

    async def _write_to_both(self, batches: Sequence[Batch], direct: Direct) -> list[Rejections]:
        number, _ = await asyncio.gather(
            self._journal.append(batches), asyncio.wait([direct], timeout=self._patience), return_exceptions=True
        )
        outcomes = (direct.exception() or direct.result()) if direct.done() else _SILENT
        away = isinstance(outcomes, Unavailable)
        if away or self._checkpointer.lost:
            self._checkpointer.fall_behind(available=not away)
        if isinstance(number, BaseException):
            raise number
        if away:
            return [()] * len(batches)
        self._checkpointer.available = True
        if isinstance(outcomes, BaseException):
            raise outcomes
        if any(outcomes):
            await self._journal.tell(number)
        return outcomes

    async def _drop(self, device_id: int, measurement: str, turn: PerDeviceLock) -> None:
        async with turn:
            with self._journal.traffic.direct():
                self._checkpointer.check_caught_up()
                await self._journal.note_deletion(device_id, Span(), measurement)
                await self._change(self._writer.drop(device_id, measurement))

    async def _retype(self, device_id: int, measurement: str, value_type: ValueType, turn: PerDeviceLock) -> None:
        async with turn, self._journal.traffic.append():
            with self._journal.traffic.direct():
                self._checkpointer.check_caught_up()
                # What a crash may take from the backend now is not in the journal's older records either, once they are void.
                await durably(self._backend, asyncio.sleep(0))
                readings = self._backend.read(device_id, Span(), [measurement])
                batches = await retyped(readings, measurement, value_type)
                self._journal.check_room()
                await self._journal.note_deletion(device_id, Span(), measurement)
                if batches:
                    await self._journal.append(batches)
                await self._change(self._replaced(device_id, measurement, batches))

    async def _replaced(self, device_id: int, measurement: str, batches: Sequence[Batch]) -> None:
        await self._writer.drop(device_id, measurement)
        if batches:
            await self._writer.write(batches)

    async def _change(self, change: Coroutine[Any, Any, None]) -> None:
        try:
            await durably(self._backend, change)
        except Unavailable:
            # The backend may carry it out yet, and what is written meanwhile must not go with it.
            self._checkpointer.fall_behind(available=False)
            raise

    async def _delete(self, device_id: int, span: Span, turn: PerDeviceLock) -> None:
        async with turn:
            with self._journal.traffic.direct():
                self._checkpointer.check_caught_up()
                # No replay has to repeat the deletion, which would take readings that others have written since.
                await self._journal.note_deletion(device_id, span)
                await self._change(self._writer.delete(device_id, span))

    async def _own(self, call: Coroutine[Any, Any, Answer]) -> Answer:
        """Run a call to its end, whatever becomes of the caller: half a write must not be left."""
        task = asyncio.create_task(call)
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        task.add_done_callback(seen)
        return await asyncio.shield(task)
