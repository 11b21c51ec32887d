"""Reception of the messages of StreamTelemetry: their division into batches, and the outcomes of these."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from iotflow.v1.telemetry_pb2 import TelemetryBatch
from iotflow.words import Role
from iotflow_server.auth.principal import Principal
from iotflow_server.compute_thread import run_in_compute_thread
from iotflow_server.devices.device import Device
from iotflow_server.errors import InvalidArgument, LimitExceeded, NotFound, PermissionDenied
from iotflow_server.rpc.codec.batch_decoding import Run, are_in_time, decode, runs
from iotflow_server.telemetry.batch import Batch, Rejection, Times, rows_of
from iotflow_server.telemetry.device_ingest import DeviceIngest
from iotflow_server.telemetry.ingest import Queued
from iotflow_server.telemetry.multi_device_batch import MultiDeviceBatch, moved
from iotflow_server.telemetry.outcome import Outcome

# Pieces of columns that are divided before other tasks run.
PIECES_PER_TURN = 5_000
# Messages with fewer columns and texts are decoded on the event loop. Each column takes a tenth of a millisecond, regardless of
# its length, and each text takes a Python call.
THREAD_COLUMNS, THREAD_TEXTS = 100, 10_000
# Devices whose times are allocated concurrently. An allocation may query the store.
CONCURRENT_ALLOCATIONS = 32
TIME_OUT_OF_RANGE = InvalidArgument(
    "timestamps", "A time is outside the years 1 to 9999. Send times in milliseconds since 1970."
)


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one device. run: their position in the message."""

    run: Run
    device: Device
    batch: Batch


@dataclass(frozen=True, slots=True)
class RowsTogether:
    """A batch of several devices. devices: those of the batch. positions: of its rows in the message; None: all are in it."""

    devices: Sequence[Device]
    batch: MultiDeviceBatch
    positions: Times | None

    def in_message(self, rows: int | Times) -> int | Times:
        """Rows of the batch, or the first of adjacent ones, as rows of the message."""
        if self.positions is None:
            return rows
        return self.positions[rows:] if isinstance(rows, int) else self.positions[rows]


@dataclass(frozen=True, slots=True)
class ReceivedRows:
    """The decoded rows of a message. owned: the runs of rows that can be stored, each with its device."""

    batch: Batch
    owned: Sequence[tuple[Run, Device]]

    @property
    def all_in_time(self) -> bool:
        """Whether no time is out of range, so that the runs need not be checked one by one."""
        return are_in_time(self.batch.times)

    def together(self) -> RowsTogether | None:
        """The rows of several devices as one batch; None if they have to be divided."""
        ids = [device.id for _, device in self.owned]
        if len(ids) < 2 or len(set(ids)) < len(ids) or not self.all_in_time or not _all_have_values(self.batch):
            return None
        ends = np.cumsum([run.end - run.first for run, _ in self.owned])
        times, columns, positions = self.batch.times, self.batch.columns, None
        if ends[-1] < len(times):
            positions = np.concatenate([np.arange(run.first, run.end) for run, _ in self.owned])
            times = times[positions]
            columns = tuple(part for column in columns if (part := column.select(positions)).present)
        return RowsTogether(
            [device for _, device in self.owned], MultiDeviceBatch(ids, ends, times, columns), positions
        )


def _all_have_values(batch: Batch) -> bool:
    """Whether each row has a value."""
    present = [column.valid for column in batch.columns if column.valid is not None]
    return len(present) < len(batch.columns) or bool(np.logical_or.reduce(present).all())


@dataclass(frozen=True, slots=True)
class PendingMessage:
    """A message whose rows are queued for the store.

    rejected: the rejections before the rows were queued. parts: the rows and the outcome of each part.
    """

    sequence: int
    rejected: Sequence[Rejection]
    parts: Sequence[Queued] = ()

    @property
    def is_stored(self) -> bool:
        """Whether the message can be acknowledged without waiting."""
        return all(outcome.done() and outcome.exception() is None for _, outcome in self.parts)

    async def outcome(self) -> Outcome:
        """The outcome of the whole message, when it is durable. Raises Unavailable."""
        rejections, buffered = list(self.rejected), False
        for rows, part in self.parts:
            outcome = await part
            buffered |= outcome.buffered
            rejections += moved_to(rows, outcome.rejections)
        return Outcome(tuple(rejections), buffered)


def moved_to(rows: int | Times, rejections: Sequence[Rejection]) -> Sequence[Rejection]:
    """Rejections of the rows of a part, as rejections of the rows of the message. Adjacent rows of a device stay adjacent."""
    if isinstance(rows, int):
        return moved(rejections, rows)
    return [replace(item, index=int(rows[item.index])) for item in rejections]


class BatchReceiver:
    """Queues the messages of one stream for the store."""

    def __init__(self, device_ingest: DeviceIngest, principal: Principal) -> None:
        self._device_ingest = device_ingest
        self._principal = principal

    async def receive(self, message: TelemetryBatch) -> PendingMessage:
        """Queue the valid rows of a message. If the call is cancelled, no row is queued.

        Invalid rows are reported as rejections. Raises PermissionDenied if a device sends data of another device.
        """
        rejected: list[Rejection] = []
        try:
            rows = await self._rows(message, rejected)
        except InvalidArgument as error:
            rows, rejected = None, [_rejection(Run(0, 0, len(message.timestamps)), error)]
        queued = await self._put(message, rows, rejected) if rows is not None else ()
        self._device_ingest.tally.record_rejected(rejected)
        return PendingMessage(message.sequence, rejected, queued)

    async def _put(self, message: TelemetryBatch, rows: ReceivedRows, rejected: list[Rejection]) -> Sequence[Queued]:
        if not message.server_times and (together := rows.together()):
            queued = await self._device_ingest.put_together(together.devices, together.batch)
            return [(together.in_message(part), outcome) for part, outcome in queued]
        parts = [part async for part in self._parts(rows, rejected)]
        if message.server_times:
            # Times are allocated last, because an allocation may wait, and rejected rows need no times. The device is checked
            # again after the wait.
            parts = [part for part in await self._with_times(parts) if await self._device(part.run, rejected)]
        outcomes = await self._device_ingest.put([(part.device, part.batch) for part in parts]) if parts else []
        return [(part.run.first, one) for part, one in zip(parts, outcomes, strict=True)]

    async def _decode(self, message: TelemetryBatch, known: Sequence[Run]) -> tuple[Batch | None, Sequence[Rejection]]:
        if len(message.columns) < THREAD_COLUMNS and _text_count(message) < THREAD_TEXTS:
            return decode(message, self._device_ingest.limits, known)
        return await run_in_compute_thread(decode, message, self._device_ingest.limits, known)

    async def _rows(self, message: TelemetryBatch, rejected: list[Rejection]) -> ReceivedRows | None:
        """The rows of the message that can be stored; None: there are none. Raises InvalidArgument if the whole message is
        invalid."""
        if message.device_ids and self._principal.role is Role.DEVICE:
            raise InvalidArgument(
                "device_ids", "The field is for gateways. Leave it empty: all rows belong to the calling device."
            )
        all_runs = runs(message)
        devices = await self._devices(all_runs, rejected)
        owned = [(run, device) for run, device in zip(all_runs, devices, strict=True) if device]
        if not owned:
            return None
        batch, unstorable = await self._decode(message, [run for run, _ in owned])
        rejected += unstorable
        return None if batch is None else ReceivedRows(batch, owned)

    async def _devices(self, all_runs: Sequence[Run], rejected: list[Rejection]) -> Sequence[Device | None]:
        known: Sequence[Device | None] = [None] * len(all_runs)
        if len(all_runs) > 1:
            known = self._device_ingest.known_writers([run.device_id for run in all_runs])
        return [device or await self._device(run, rejected) for run, device in zip(all_runs, known, strict=True)]

    async def _parts(self, rows: ReceivedRows, rejected: list[Rejection]) -> AsyncIterator[Part]:
        """The rows of each device. Rejects those with a time out of range."""
        pieces = 0
        for run, device in rows.owned:
            part = rows_of(rows.batch, run.first, run.end)
            if not (rows.all_in_time or are_in_time(part.times)):
                rejected.append(_rejection(run, TIME_OUT_OF_RANGE))
            elif part.columns:
                yield Part(run, device, replace(part, device_id=device.id))
            if (pieces := pieces + len(rows.batch.columns)) > PIECES_PER_TURN:
                pieces = 0
                await asyncio.sleep(0)

    async def _device(self, run: Run, rejected: list[Rejection]) -> Device | None:
        try:
            return await self._device_ingest.writer(self._principal, run.device_id)
        except (InvalidArgument, NotFound, PermissionDenied) as error:
            if isinstance(error, PermissionDenied) and self._principal.role is Role.DEVICE:
                raise
            rejected.append(_rejection(run, error))
            return None

    async def _with_times(self, parts: Sequence[Part]) -> list[Part]:
        """The parts with allocated times, which increase from part to part of a device."""
        readings: Counter[int] = Counter()
        for part in parts:
            readings[part.device.id] += len(part.batch.times)
        allocated, timed = await self._allocated_times(readings), []
        for part in parts:
            rows, times = len(part.batch.times), allocated[part.device.id]
            timed.append(replace(part, batch=replace(part.batch, times=times[:rows])))
            allocated[part.device.id] = times[rows:]
        return timed

    async def _allocated_times(self, readings: Mapping[int, int]) -> dict[int, Times]:
        """Allocate times for this number of readings of each device."""
        devices, allocated = list(readings), dict[int, Times]()
        for first in range(0, len(devices), CONCURRENT_ALLOCATIONS):
            batch = devices[first : first + CONCURRENT_ALLOCATIONS]
            try:
                async with asyncio.TaskGroup() as group:
                    tasks = [group.create_task(self._times(device_id, readings[device_id])) for device_id in batch]
            except ExceptionGroup as errors:
                raise errors.exceptions[0] from None
            allocated |= {device_id: task.result() for device_id, task in zip(batch, tasks, strict=True)}
        return allocated

    async def _times(self, device_id: int, readings: int) -> Times:
        """Allocate times for readings of one device, and wait while its limit is exceeded.

        A rejection would not help a gateway, which could only send the readings again.
        """
        while True:
            try:
                caller = self._principal.limit_key
                times = await self._device_ingest.timestamps.allocate(device_id, readings, caller=caller)
                return np.arange(times.start, times.stop, times.step, dtype=np.int64)
            except LimitExceeded as error:
                if error.retry_after is None:
                    raise
                await asyncio.sleep(error.retry_after)


def _text_count(message: TelemetryBatch) -> int:
    return sum(len(column.strings) for column in message.columns)


def _rejection(run: Run, error: InvalidArgument | NotFound | PermissionDenied) -> Rejection:
    return Rejection(run.first, run.end - run.first, "", error.reason, error.message)
