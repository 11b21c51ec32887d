"""A message of StreamTelemetry on its way to the store: whose rows it has, what of them is taken, and what becomes of them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from iotflow.v1.telemetry_pb2 import TelemetryBatch
from iotflow_server.access import Role, caller
from iotflow_server.devices.device import Device
from iotflow_server.errors import InvalidArgument, LimitExceeded, NotFound, PermissionDenied
from iotflow_server.rpc.wire_batches import decode
from iotflow_server.telemetry.batch import Batch, Rejection, Times
from iotflow_server.telemetry.division import rows_of
from iotflow_server.telemetry.intake import Intake
from iotflow_server.telemetry.outcome import Outcome

# Of those many that are named row by row, each may have as many refusals as a batch of its own.
MOST_RUNS = 1_000
# So many are put on their way before others have their turn.
TURN = 100


@dataclass(frozen=True, slots=True)
class Run:
    """Rows first .. end-1 of a message, all of one device."""

    device_id: int
    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Sent:
    """A message whose rows are on their way to the store. refused: what did not get that far. parts: the first row of each
    part, and what becomes of it."""

    sequence: int
    refused: list[Rejection]
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
            rejections += (replace(item, index=first + item.index) for item in outcome.rejections)
        return Outcome(tuple(rejections), buffered)


def runs(message: TelemetryBatch) -> list[Run]:
    """The rows that stand together, device by device. Raises InvalidArgument."""
    rows = len(message.timestamps)
    if not message.device_ids:
        return [Run(message.device_id, 0, rows)]
    if message.device_id:
        raise InvalidArgument("device_ids", "stands instead of device_id; leave one of them out")
    if message.atomic:
        raise InvalidArgument("atomic", "a batch of many devices cannot be atomic; send a batch a device")
    if len(message.device_ids) != rows:
        raise InvalidArgument("device_ids", f"has {len(message.device_ids)} devices for {rows} timestamps")
    ids = np.array(message.device_ids, np.int32)
    edges = [0, *(np.flatnonzero(ids[1:] != ids[:-1]) + 1).tolist(), rows]
    if len(edges) > MOST_RUNS + 1:
        raise InvalidArgument(
            "device_ids", f"changes more than {MOST_RUNS} times; put the rows of each device together"
        )
    return [Run(int(ids[first]), first, end) for first, end in pairwise(edges)]


class Taking:
    """Puts messages on their way."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake

    async def take(self, message: TelemetryBatch) -> Sent:
        """Returns when its rows are queued. What is wrong with it is refused by name, but for a device that sends another's
        data: PermissionDenied."""
        refused: list[Rejection] = []
        try:
            own = [(run, device) for run in runs(message) if (device := await self._device(run, refused))]
            batch, unstorable = decode(message, self._intake.limits) if own else (None, [])
        except InvalidArgument as refusal:
            refused = [_refused(Run(0, 0, len(message.timestamps)), refusal)]
            batch, unstorable = None, []
        refused += unstorable
        self._intake.tally.refused(refused)
        if batch is None:
            return Sent(message.sequence, refused)
        parts = [
            (run.first, device, replace(part, device_id=device.id))
            for run, device in own
            if (part := rows_of(batch, run.first, run.end)).columns
        ]
        if message.timeless:
            # Only now: nobody waits for times of what is not stored.
            parts = await asyncio.gather(*(self._stamped(*part) for part in parts))
        return Sent(message.sequence, refused, await self._put(parts))

    async def _device(self, run: Run, refused: list[Rejection]) -> Device | None:
        try:
            return await self._intake.writer(run.device_id)
        except (InvalidArgument, NotFound, PermissionDenied) as refusal:
            if isinstance(refusal, PermissionDenied) and caller().role is Role.DEVICE:
                raise
            refused.append(_refused(run, refusal))
            return None

    async def _stamped(self, first: int, device: Device, batch: Batch) -> tuple[int, Device, Batch]:
        return first, device, replace(batch, times=await self._times(device.id, len(batch.times)))

    async def _times(self, device_id: int, readings: int) -> Times:
        """Times for so many readings, waiting until there are: a gateway could do nothing else with what were refused."""
        while True:
            try:
                times = await self._intake.arrival.stamp(device_id, readings)
                return np.arange(times.start, times.stop, times.step, dtype=np.int64)
            except LimitExceeded as full:
                await asyncio.sleep(full.retry_after or 0.0)

    async def _put(self, parts: Sequence[tuple[int, Device, Batch]]) -> list[tuple[int, asyncio.Future[Outcome]]]:
        sent = []
        for number, (first, device, batch) in enumerate(parts, 1):
            sent.append((first, await self._intake.put(device, batch)))
            if number % TURN == 0:
                await asyncio.sleep(0)
        return sent


def _refused(run: Run, refusal: InvalidArgument | NotFound | PermissionDenied) -> Rejection:
    return Rejection(run.first, run.end - run.first, "", refusal.reason, refusal.message)
