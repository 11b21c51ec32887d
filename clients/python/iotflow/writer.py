"""Writes telemetry: rows and columns in, batches into the queue, and from there to the server."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Self

import grpc
from numpy.typing import ArrayLike

from iotflow.batcher import Batcher, BatchLimits, Stored
from iotflow.batches import ColumnLike, columns_of
from iotflow.clock import Clock, DeviceClock
from iotflow.connection import Connection, CredentialHandler, Tls
from iotflow.contract import LARGEST_DEVICE_ID
from iotflow.delivery import Delivery, Entry
from iotflow.disk_store import DiskStore
from iotflow.errors import QUEUE_FULL, ServerError, deadline_exceeded
from iotflow.handlers import contained
from iotflow.open_batch import Value, cells, is_int64
from iotflow.policy import DropReason, Policy
from iotflow.queue import BatchQueue, QueueEnded
from iotflow.queue_owner import QueueOwner
from iotflow.sender import SenderCallbacks, StreamSender
from iotflow.v1.telemetry_pb2 import Rejection, TelemetryBatch

DEFAULT_LIMIT = 64 * 1024 * 1024
DEFAULT_BATCH = BatchLimits()
# Interval at which flush() tries a full queue again.
RETRY_SECONDS = 0.1
_NOT_OPEN = "The writer is not open. Use it in an `async with` block."


def noop(*_: object) -> None:
    """The default of a callback."""


class TelemetryWriter:
    """Sends rows, keeps them until they are acknowledged, and resends them over a new connection after a failure.

        async with TelemetryWriter("127.0.0.1:50051", api_key=key, folder="/var/lib/my-device/queue") as writer:
            await writer.add({"temperature": 21.5, "door": True})

    The end of the block waits until everything is acknowledged, that is, durably stored. After an exception it does not
    wait. The writer waits for an unavailable server without limit: use the deadline of flush() or close() where a limit is
    needed.

    target: host:port, a Connection, or a channel; the caller closes the latter two. api_key, token, tls, connect_timeout,
    on_credential_wanted: see Connection, and not used with one.
    folder: of a queue on disk, which survives the process; its batches are sent with a key of their device only
    (QUEUE_OF_ANOTHER_DEVICE). None: in memory. limit: of the queue, bytes. policy: what happens to new rows while the queue is
    full. batch: when a batch ends. window: largest number of batches on the way; send() waits while so many are in the queue.
    clock: of rows without a time.
    gives_up_batches: a batch that ends the stream is reported to on_rejected as a whole, and left out. False: its error ends
    the writer as others do, for callers who can divide the batch.
    on_acknowledged: called with a number of rows that the server has processed, after on_rejected for these rows.
    on_rejected: called with each Rejection; sequence is the batch's in the queue, index is the row in the batch.
    on_dropped: called with a number of rows that a full queue left out, and the reason.
    on_interrupted: called with the ServerError and the seconds until the next attempt.
    The callbacks run in the loop, and must not block. An exception of one is logged, and has no other effect.
    """

    def __init__(
        self,
        target: str | grpc.aio.Channel | Connection,
        *,
        api_key: str = "",
        token: str = "",
        tls: Tls | None = None,
        folder: Path | str | None = None,
        limit: int = DEFAULT_LIMIT,
        policy: Policy = Policy.WAIT,
        batch: BatchLimits = DEFAULT_BATCH,
        window: int = 64,
        clock: Clock | None = None,
        gives_up_batches: bool = True,
        connect_timeout: float = 10.0,
        on_acknowledged: Callable[[int], None] = noop,
        on_rejected: Callable[[Rejection], None] = noop,
        on_dropped: Callable[[int, DropReason], None] = noop,
        on_interrupted: Callable[[ServerError, float], None] = noop,
        on_credential_wanted: CredentialHandler | None = None,
    ) -> None:
        self._own_connection = None
        if not isinstance(target, Connection):
            target = self._own_connection = Connection(
                target,
                api_key=api_key,
                token=token,
                tls=tls,
                connect_timeout=connect_timeout,
                on_credential_wanted=on_credential_wanted,
            )
        self._connection = target
        self._folder = Path(folder) if folder else None
        self._limit = limit
        self._policy = policy
        self._window = window
        self._clock = clock or DeviceClock()
        self._delivery = Delivery(window)
        self._batcher = Batcher(
            batch,
            self._clock,
            waits_for_time=policy is not Policy.REFUSE,
            put=self._put,
            delivery=self._delivery,
        )
        self._on_dropped = contained("on_dropped", on_dropped)
        self._queue = self._new_queue(None)
        callbacks = SenderCallbacks(
            contained("on_acknowledged", on_acknowledged),
            contained("on_rejected", on_rejected),
            on_interrupted,
            self._on_unreadable,
        )
        self._sender = StreamSender(self._connection, self._delivery, self._read, callbacks, gives_up=gives_up_batches)
        self._store: DiskStore | None = None
        self._clock_task: asyncio.Task[None] | None = None
        self._takes_rows = True
        self._is_closing = False
        self._runner: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(self, exception_type: type[BaseException] | None, *_: object) -> None:
        if exception_type is None:
            await self.close()
        else:
            await self._stop()

    @property
    def queued_rows(self) -> int:
        """Rows in the queue; those of the open batch are not counted."""
        return self._queue.rows

    @property
    def queued_bytes(self) -> int:
        """Size of the queue."""
        return self._queue.bytes

    async def open(self) -> Self:
        """Open the queue and begin to send. Raises ServerError QUEUE_IN_USE and OSError about the folder."""
        if self._folder:
            store = self._store = await DiskStore.open(self._folder, self._limit)
            self._queue = self._new_queue(store)
            device_id = store.device if store.entries else None
            self._sender.owner = QueueOwner(self._connection, self._folder, device_id, store.claim)
            for entry in store.entries:
                self._delivery.add(entry)
            for _ in range(store.damaged):
                self._on_dropped(0, DropReason.DAMAGED)
        self._runner = asyncio.create_task(self._sender.run(), name="telemetry writer")
        self._clock_task = asyncio.create_task(self._clock.run(self._connection), name="telemetry writer's clock")
        return self

    async def add(
        self, values: Mapping[str, Value], timestamp: int | datetime | None = None, *, device_id: int = 0
    ) -> None:
        """Add a row. A queue on disk has it for certain when its batch has ended.

        values: by measurement; float, int (64 bits), bool, str, or numpy's scalars for other sizes; None and NaN are no value.
        timestamp: milliseconds since 1970 UTC, or a datetime (without a zone: UTC); None: now, by the writer's clock.
        device_id: for gateways; 0: the device of the key.
        Raises ServerError as the class states, and QUEUE_FULL with the policy REFUSE; ValueError for values without a type, and
        for what a batch cannot hold.
        """
        row = cells(values)
        if isinstance(timestamp, int) and not is_int64(timestamp):
            raise ValueError("The timestamp does not fit into 64 bits.")
        _check_device_id(device_id)
        is_added = self._is_open and self._takes_rows and self._batcher.add_at_once(row, timestamp, device_id)
        if is_added and not self._batcher.is_full:
            return
        async with self._turn():
            await self._check_adding()
            batcher = self._batcher
            stored = await (batcher.finish_full() if is_added else batcher.add(row, timestamp, device_id))
        await _all(stored)

    async def add_columns(
        self, timestamps: ArrayLike, columns: Mapping[str, ColumnLike], *, device_id: int = 0
    ) -> None:
        """Add rows as columns; see encode_batch() for their types. Raises as add() does."""
        part = columns_of(timestamps, columns, device_id)
        _check_device_id(device_id)
        async with self._turn():
            await self._check_adding()
            stored = await self._batcher.add_columns(part)
        await _all(stored)

    async def send(self, batch: TelemetryBatch) -> None:
        """Accept a whole batch and set its sequence. Waits while a window of batches is in the queue. Raises as add() does."""
        async with self._turn():
            stored = await self._batcher.finish()
            await self._delivery.wait_until(lambda: len(self._delivery) < self._window)
            await self._check_adding()
            stored += await self._put(batch)
        await _all(stored)

    async def flush(self, deadline: float | None = None) -> None:
        """Wait until everything added before is acknowledged. Raises as add() does.

        deadline: seconds; after them ServerError DEADLINE_EXCEEDED is raised, and the writer goes on. Its message has the error
        of the disk where that takes no batch, or the cause of the last interruption, unless something was acknowledged since.
        """
        try:
            async with asyncio.timeout(deadline):
                await self._flush()
        except TimeoutError:
            raise deadline_exceeded(f"Not everything was acknowledged within {deadline:g} s.{self._cause()}") from None

    async def close(self, deadline: float | None = None) -> None:
        """As flush(), and end the stream and release everything, also where flush() fails. No rows can be added from now on."""
        if self._is_closing:
            return
        self._takes_rows = False
        try:
            await self.flush(deadline)
            self._is_closing = True
            await self._sender.end()
        finally:
            await self._stop()

    def _cause(self) -> str:
        """Why not everything is acknowledged, as sentences, or empty."""
        disk = f" The disk does not take the queue: {self._queue.disk_failure}." if self._queue.disk_failure else ""
        attempt = f" The last attempt failed: {self._sender.failure}" if self._sender.failure else ""
        return disk + attempt

    async def _flush(self) -> None:
        last = await self._finish_patiently()
        await self._delivery.wait_until(lambda: self._queue.is_settled(last))
        if self._delivery.ended:
            await self._check_open()
        await self._queue.removed()

    async def _finish_patiently(self) -> int:
        """End the open batch, as soon as the queue takes it. The newest sequence."""
        while True:
            try:
                async with self._turn():
                    if not self._batcher.is_empty:
                        await self._check_open()
                        await _all(await self._batcher.finish())
                    return self._queue.last_sequence
            except ServerError as error:
                if error.reason != QUEUE_FULL:
                    raise
            # The policy refuses callers with rows, not those who wait anyway.
            await asyncio.sleep(RETRY_SECONDS)

    @property
    def _is_open(self) -> bool:
        """Whether rows can be added: the writer was opened, and has not ended."""
        return self._runner is not None and not self._is_closing and not self._delivery.ended

    async def _check_adding(self) -> None:
        """Raise the error that ended the writer, if it has ended, or an error if its end has begun."""
        await self._check_open()
        if not self._takes_rows:
            raise RuntimeError(_NOT_OPEN)

    async def _check_open(self) -> None:
        """Raise the error that ended the writer, if it has ended."""
        if self._is_open:
            return
        if self._is_closing or self._runner is None:
            raise RuntimeError(_NOT_OPEN)
        if self._queue.failure:
            raise self._queue.failure
        await asyncio.wait((self._runner,))
        self._runner.result()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """The block has the batcher alone. Where the writer ends while the block waits, the error that ended it is raised."""
        async with self._batcher.lock:
            try:
                yield
            except QueueEnded:
                await self._check_open()
                raise

    async def _put(self, batch: TelemetryBatch) -> list[Stored]:
        stored = await self._queue.put(batch)
        if stored and self._policy is Policy.REFUSE:
            # A batch that the disk refuses has rows of earlier calls too, and has to stay open.
            await stored
            return []
        return [stored] if stored else []

    async def _read(self, entry: Entry) -> bytes:
        return await self._store.read(entry) if self._store else entry.payload

    def _on_unreadable(self, entry: Entry) -> None:
        self._on_dropped(entry.rows, DropReason.DAMAGED)

    def _new_queue(self, store: DiskStore | None) -> BatchQueue:
        return BatchQueue(
            self._delivery,
            store=store,
            limit=self._limit,
            policy=self._policy,
            last_sequence=store.last_sequence if store else 0,
            on_dropped=self._on_dropped,
        )

    async def _stop(self) -> None:
        self._is_closing = True
        tasks = [task for task in (self._runner, self._clock_task) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, self._batcher.close(), return_exceptions=True)
        await self._queue.close()
        if self._own_connection:
            await self._own_connection.close()


def _check_device_id(device_id: int) -> None:
    if not 0 <= device_id <= LARGEST_DEVICE_ID:
        raise ValueError(f"A device_id is between 0 and {LARGEST_DEVICE_ID}.")


async def _all(stored: list[Stored]) -> None:
    """Wait until the disk has these batches. Without a disk, let the sender run: the caller may do nothing but add rows."""
    waiting: list[Awaitable[None]] = list(stored)
    if waiting:
        await asyncio.gather(*waiting)
    else:
        await asyncio.sleep(0)
