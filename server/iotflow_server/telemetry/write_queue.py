"""The queues in front of the store: batches of one device keep their order, other devices do not wait for them."""

import asyncio
from collections import OrderedDict, deque
from dataclasses import dataclass

from iotflow_server.devices.device import Device
from iotflow_server.telemetry.batch import Batch, Rejection
from iotflow_server.telemetry.outcome import Outcome

# Small batches gain from being written together (IoTDB takes a hundred tablets of 4 kB in half the time of single writes).
# From this size on, another concurrent write is worth its cost.
SPILL_BYTES = 512 * 2**10
# A transaction holds the writer of the store: a larger group only makes its members wait longer and takes more memory.
GROUP_VALUES, GROUP_BYTES, GROUP_COLUMNS = 500_000, 32 * 2**20, 1_500


@dataclass(frozen=True, slots=True)
class QueuedBatch:
    """A batch on its way to the store; outcome is set when it is durable. rejected: rows that were left out of it."""

    device: Device
    batch: Batch
    values: int
    size: int
    outcome: asyncio.Future[Outcome]
    rejected: tuple[Rejection, ...] = ()


class WriteQueue:
    """Batches that are written group by group; devices take turns. size: bytes that wait or are being written."""

    def __init__(self) -> None:
        self.size = 0
        self.arrived = asyncio.Event()
        # By device, the next one first.
        self._waiting: OrderedDict[int, deque[QueuedBatch]] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def put(self, queued: QueuedBatch) -> None:
        """Add a batch behind the device's other batches."""
        self._waiting.setdefault(queued.device.id, deque()).append(queued)
        self.size += queued.size
        self.arrived.set()

    def take(self) -> list[QueuedBatch]:
        """The next group: one batch of each device in turn, up to GROUP_VALUES, GROUP_BYTES and GROUP_COLUMNS."""
        group, values, size, columns = list[QueuedBatch](), 0, 0, 0
        while self._waiting:
            following = next(iter(self._waiting.values()))[0]
            values, size = values + following.values, size + following.size
            columns += len(following.batch.columns)
            if group and (values > GROUP_VALUES or size > GROUP_BYTES or columns > GROUP_COLUMNS):
                break
            group.append(self._pop())
        return group

    def _pop(self) -> QueuedBatch:
        device_id, batches = self._waiting.popitem(last=False)
        taken = batches.popleft()
        if batches:
            self._waiting[device_id] = batches
        return taken


class WriteQueues:
    """Assigns a device to one queue while any of its batches are in progress: to the first queue that is not full, or else
    to the shortest. This way the batches of a device are stored, published and acknowledged in order."""

    def __init__(self, number: int) -> None:
        self.all = [WriteQueue() for _ in range(number)]
        self._assigned: dict[int, WriteQueue] = {}
        self._in_progress: dict[int, int] = {}

    def put(self, queued: QueuedBatch) -> None:
        """Add a batch behind the device's other batches."""
        device_id = queued.device.id
        queue = self._assigned.get(device_id)
        if queue is None:
            self._assigned[device_id] = queue = self._choose()
        self._in_progress[device_id] = self._in_progress.get(device_id, 0) + 1
        queue.put(queued)

    def done(self, queue: WriteQueue, group: list[QueuedBatch]) -> None:
        """Record that a group is no longer in progress."""
        for queued in group:
            queue.size -= queued.size
            device_id = queued.device.id
            self._in_progress[device_id] -= 1
            if not self._in_progress[device_id]:
                del self._in_progress[device_id], self._assigned[device_id]

    def _choose(self) -> WriteQueue:
        for queue in self.all:
            if queue.size < SPILL_BYTES:
                return queue
        return min(self.all, key=lambda queue: queue.size)
