"""The path of writes and deletions into the journal and the backend."""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any, TypeVar

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.batch import Batch, Rejection, ValueType
from iotflow_server.telemetry.journal.coordination.write_coordinator import retrieve_exception
from iotflow_server.telemetry.journal.flushed import FlushedBackend, durably
from iotflow_server.telemetry.journal.journal import Journal
from iotflow_server.telemetry.journal.recovery.checkpointer import Checkpointer
from iotflow_server.telemetry.multi_device_batch import AnyBatch, device_ids_of
from iotflow_server.telemetry.ports import Span, TelemetryWriter
from iotflow_server.telemetry.type_conversion import retyped

Answer = TypeVar("Answer")
Rejections = tuple[Rejection, ...]
BackendWrite = asyncio.Task[list[Rejections]]

_NO_RESPONSE = Unavailable("STORE_UNAVAILABLE", "The telemetry store does not respond.")


class PerDeviceLocks:
    """Locks that are granted, for each device, in the order of the calls.

    The queues of ingest keep the order of a device's batches, for every store and up to their publication. Deletions and
    conversions do not pass through those queues: the locks order them among the writes, so that the records of the journal have
    the order in which the backend carried the calls out.
    """

    def __init__(self) -> None:
        self._last: dict[int, asyncio.Future[None]] = {}

    def queue(self, device_ids: Iterable[int]) -> "PerDeviceLock":
        """Queue for the locks of some devices, synchronously, so that the order is that of the calls."""
        ids = set(device_ids)
        before = {self._last[device_id] for device_id in ids if device_id in self._last}
        end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._last.update(dict.fromkeys(ids, end))
        return PerDeviceLock(self, ids, before, end)

    def release(self, device_ids: Iterable[int], end: asyncio.Future[None]) -> None:
        """Let the next call proceed."""
        end.set_result(None)
        for device_id in device_ids:
            if self._last[device_id] is end:
                del self._last[device_id]


class PerDeviceLock:
    """The queued locks of some devices; `async with` waits for them."""

    def __init__(
        self, locks: PerDeviceLocks, device_ids: set[int], before: set[asyncio.Future[None]], end: asyncio.Future[None]
    ) -> None:
        self._locks = locks
        self._device_ids = device_ids
        self._before = before
        self._end = end

    async def __aenter__(self) -> None:
        if self._before:
            await asyncio.wait(self._before)

    async def __aexit__(self, *_: object) -> None:
        self._locks.release(self._device_ids, self._end)


class WritePath:
    """Carries out the calls of each device in their order; see JournaledWriter.

    checkpoint_bytes: size of the journal at which a checkpoint is due. patience: seconds that a write waits for the backend
    before the journal alone acknowledges it.
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
        self._locks = PerDeviceLocks()
        self._calls: set[asyncio.Task[Any]] = set()

    async def drain(self) -> None:
        """Wait until the calls in progress have ended."""
        if self._calls:
            await asyncio.wait(self._calls)

    async def write(self, batches: Sequence[AnyBatch]) -> list[Rejections]:
        """Returns the rejections; none for batches that only the journal has yet."""
        lock = self._locks.queue(device_ids_of(batches))
        return await self._run_to_end(self._write(batches, lock))

    async def delete(self, device_id: int, span: Span) -> None:
        """Delete readings; no replay restores them. Unavailable while the backend is behind the journal."""
        await self._run_to_end(self._delete(device_id, span, self._locks.queue([device_id])))

    async def drop(self, device_id: int, measurement: str) -> None:
        """Drop a measurement; no replay restores it. Unavailable while the backend is behind the journal."""
        await self._run_to_end(self._drop(device_id, measurement, self._locks.queue([device_id])))

    async def retype(self, device_id: int, measurement: str, value_type: ValueType) -> None:
        """Convert a measurement to another type. Unavailable while the backend is behind the journal."""
        await self._run_to_end(self._retype(device_id, measurement, value_type, self._locks.queue([device_id])))

    async def _write(self, batches: Sequence[AnyBatch], lock: PerDeviceLock) -> list[Rejections]:
        async with lock, self._journal.coordinator.append():
            self._journal.check_room()
            backend_write = self._journal.coordinator.write(lambda: self._writer.write(batches))
            if backend_write is None:
                await self._journal.append(batches)
                return [()] * len(batches)
            outcomes = await self._write_to_both(batches, backend_write)
        if self._journal.bytes >= self._checkpoint_bytes:
            self._checkpointer.due.set()
        return outcomes

    async def _write_to_both(self, batches: Sequence[AnyBatch], backend_write: BackendWrite) -> list[Rejections]:
        number, _ = await asyncio.gather(
            self._journal.append(batches), asyncio.wait([backend_write], timeout=self._patience), return_exceptions=True
        )
        outcomes = (backend_write.exception() or backend_write.result()) if backend_write.done() else _NO_RESPONSE
        away = isinstance(outcomes, Unavailable)
        if away or self._checkpointer.restarted:
            self._checkpointer.fall_behind(available=not away)
        if isinstance(number, BaseException):
            raise number
        if away:
            return [()] * len(batches)
        self._checkpointer.available = True
        if isinstance(outcomes, BaseException):
            raise outcomes
        if any(outcomes):
            await self._journal.acknowledge_rejections(number)
        return outcomes

    async def _drop(self, device_id: int, measurement: str, lock: PerDeviceLock) -> None:
        async with lock:
            with self._journal.coordinator.backend_write():
                self._checkpointer.check_caught_up()
                await self._journal.record_deletion(device_id, Span(), measurement)
                await self._change(self._writer.drop(device_id, measurement))

    async def _retype(self, device_id: int, measurement: str, value_type: ValueType, lock: PerDeviceLock) -> None:
        async with lock, self._journal.coordinator.append():
            with self._journal.coordinator.backend_write():
                self._checkpointer.check_caught_up()
                # Flushed first: the recorded deletion voids the older records of the journal, which could not restore lost readings.
                await durably(self._backend, asyncio.sleep(0))
                readings = self._backend.read(device_id, Span(), [measurement])
                batches = await retyped(readings, measurement, value_type)
                self._journal.check_room()
                await self._journal.record_deletion(device_id, Span(), measurement)
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
            # The backend may still carry the change out, which must not affect later writes.
            self._checkpointer.fall_behind(available=False)
            raise

    async def _delete(self, device_id: int, span: Span, lock: PerDeviceLock) -> None:
        async with lock:
            with self._journal.coordinator.backend_write():
                self._checkpointer.check_caught_up()
                # Recorded first, so that no replay has to repeat the deletion, which would remove readings written since.
                await self._journal.record_deletion(device_id, span)
                await self._change(self._writer.delete(device_id, span))

    async def _run_to_end(self, call: Coroutine[Any, Any, Answer]) -> Answer:
        """Run a call to its end even if the caller is cancelled, so that no write is left half done."""
        task = asyncio.create_task(call)
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
        task.add_done_callback(retrieve_exception)
        return await asyncio.shield(task)
