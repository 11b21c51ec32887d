"""A message of StreamTelemetry on its way to the store: what of it is taken, and what becomes of that."""

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
from iotflow_server.rpc.codec.wire_batches import are_in_time, decode
from iotflow_server.rpc.codec.wire_runs import Run, runs
from iotflow_server.telemetry.batch import Batch, Rejection, Times, rows_of
from iotflow_server.telemetry.intake import Intake
from iotflow_server.telemetry.outcome import Outcome

# So many pieces of columns are cut in a row before others have their turn.
TURN = 5_000
# Columns, and texts, from which on a message is decoded beside the event loop: each column takes a tenth of a millisecond, however
# short it is, and Python looks at each text.
WIDE, MANY_TEXTS = 100, 10_000
# Devices that are given times side by side; each may ask the store.
TOGETHER = 32
OUT_OF_TIME = InvalidArgument("timestamps", "a time lies outside the years 1 to 9999; write milliseconds since 1970")


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one device, and where in the message they stood."""

    run: Run
    device: Device
    batch: Batch


@dataclass(frozen=True, slots=True)
class Sent:
    """A message whose rows are on their way to the store. refused: what did not get that far. parts: the first row of each
    part, and what becomes of it."""

    sequence: int
    refused: Sequence[Rejection]
    parts: Sequence[tuple[int, asyncio.Future[Outcome]]] = ()

    @property
    def is_stored(self) -> bool:
        """Whether it can be acknowledged without waiting."""
        return all(outcome.done() and outcome.exception() is None for _, outcome in self.parts)

    async def outcome(self) -> Outcome:
        """What became of the whole, once it is durable. Raises Unavailable."""
        rejections, buffered = list(self.refused), False
        for first, part in self.parts:
            outcome = await part
            buffered |= outcome.buffered
            rejections += moved(outcome.rejections, first)
        return Outcome(tuple(rejections), buffered)


def moved(rejections: Sequence[Rejection], rows: int) -> Sequence[Rejection]:
    """As they count so many rows further up in the message."""
    return [replace(item, index=rows + item.index) for item in rejections] if rows else rejections


class Taking:
    """Puts messages on their way."""

    def __init__(self, intake: Intake, principal: Principal) -> None:
        self._intake = intake
        self._principal = principal

    async def take(self, message: TelemetryBatch) -> Sent:
        """Returns when its rows are queued, all that are taken or, cancelled, none. What is wrong with it is refused by name, but
        for a device that sends another's data: PermissionDenied."""
        refused: list[Rejection] = []
        try:
            parts = [part async for part in self._parts(message, refused)]
        except InvalidArgument as refusal:
            parts, refused = [], [_refused(Run(0, 0, len(message.timestamps)), refusal)]
        if message.timeless:
            # Only now: nobody waits for times of what is not stored.
            parts = [part for part in await self._timed(parts) if await self._device(part.run, refused)]
        outcomes = await self._intake.put([(part.device, part.batch) for part in parts]) if parts else []
        self._intake.tally.record_rejected(refused)
        return Sent(
            message.sequence, refused, [(part.run.first, one) for part, one in zip(parts, outcomes, strict=True)]
        )

    async def _decoded(self, message: TelemetryBatch, known: Sequence[Run]) -> tuple[Batch | None, Sequence[Rejection]]:
        if len(message.columns) < WIDE and _texts(message) < MANY_TEXTS:
            return decode(message, self._intake.limits, known)
        return await run_in_compute_thread(decode, message, self._intake.limits, known)

    async def _parts(self, message: TelemetryBatch, refused: list[Rejection]) -> AsyncIterator[Part]:
        """What can be stored. Raises InvalidArgument where nothing of it can."""
        if message.device_ids and self._principal.role is Role.DEVICE:
            raise InvalidArgument("device_ids", "is for gateways; a device's rows are its own")
        stretches = runs(message)
        senders = [await self._device(run, refused) for run in stretches]
        if not any(senders):
            return
        known = [run for run, device in zip(stretches, senders, strict=True) if device]
        batch, unstorable = await self._decoded(message, known)
        refused += unstorable
        # Asked of each part only where one has such a time.
        all_in_time = batch is None or are_in_time(batch.times)
        cut = 0
        for run, device in zip(stretches, senders, strict=True):
            if batch is None or device is None:
                continue
            part = rows_of(batch, run.first, run.end)
            if not (all_in_time or are_in_time(part.times)):
                refused.append(_refused(run, OUT_OF_TIME))
            elif part.columns:
                yield Part(run, device, replace(part, device_id=device.id))
            if (cut := cut + len(batch.columns)) > TURN:
                cut = 0
                await asyncio.sleep(0)

    async def _device(self, run: Run, refused: list[Rejection]) -> Device | None:
        try:
            return await self._intake.writer(self._principal, run.device_id)
        except (InvalidArgument, NotFound, PermissionDenied) as refusal:
            if isinstance(refusal, PermissionDenied) and self._principal.role is Role.DEVICE:
                raise
            refused.append(_refused(run, refusal))
            return None

    async def _timed(self, parts: Sequence[Part]) -> list[Part]:
        """With times of their own, which rise from part to part of a device."""
        readings: Counter[int] = Counter()
        for part in parts:
            readings[part.device.id] += len(part.batch.times)
        given, timed = await self._given(readings), []
        for part in parts:
            rows, times = len(part.batch.times), given[part.device.id]
            timed.append(replace(part, batch=replace(part.batch, times=times[:rows])))
            given[part.device.id] = times[rows:]
        return timed

    async def _given(self, readings: Mapping[int, int]) -> dict[int, Times]:
        """So many times for each device."""
        devices, given = list(readings), dict[int, Times]()
        for first in range(0, len(devices), TOGETHER):
            some = devices[first : first + TOGETHER]
            try:
                async with asyncio.TaskGroup() as group:
                    tasks = [group.create_task(self._times(device_id, readings[device_id])) for device_id in some]
            except ExceptionGroup as failed:
                raise failed.exceptions[0] from None
            given |= {device_id: task.result() for device_id, task in zip(some, tasks, strict=True)}
        return given

    async def _times(self, device_id: int, readings: int) -> Times:
        """Times for so many readings, waiting until there are: a gateway could do nothing else with what were refused."""
        while True:
            try:
                caller = self._principal.limit_key
                times = await self._intake.timestamps.allocate(device_id, readings, caller=caller)
                return np.arange(times.start, times.stop, times.step, dtype=np.int64)
            except LimitExceeded as full:
                await asyncio.sleep(full.retry_after or 0.0)


def _texts(message: TelemetryBatch) -> int:
    return sum(len(column.strings) for column in message.columns)


def _refused(run: Run, refusal: InvalidArgument | NotFound | PermissionDenied) -> Rejection:
    return Rejection(run.first, run.end - run.first, "", refusal.reason, refusal.message)
