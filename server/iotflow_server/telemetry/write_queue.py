"""The order in which batches go to the store: one device's never overtake each other, others' need not wait for them."""

import asyncio
from collections import OrderedDict, deque
from dataclasses import dataclass

from iotflow_server.devices.device import Device
from iotflow_server.telemetry.batch import Batch, Rejection
from iotflow_server.telemetry.outcome import Outcome

# Small batches gain by going together (IoTDB takes a hundred tablets of 4 kB in half the time they take one by one); from
# so many bytes on, a write of its own is worth its price.
SPILL_BYTES = 512 * 2**10
# One transaction holds the store's writer; a larger group would only make its members wait longer, and take more memory.
GROUP_VALUES, GROUP_BYTES, GROUP_COLUMNS = 500_000, 32 * 2**20, 1_500


@dataclass(frozen=True, slots=True)
class QueuedBatch:
    """A batch on its way; outcome is set when it is durable. refused: rows that were left out of it."""

    device: Device
    batch: Batch
    values: int
    size: int
    outcome: asyncio.Future[Outcome]
    refused: tuple[Rejection, ...] = ()


class WriteQueue:
    """Batches that are written group after group; devices take turns. size: bytes that wait or are being written."""

    def __init__(self) -> None:
        self.size = 0
        self.arrived = asyncio.Event()
        # By device; the one whose turn is next first.
        self._waiting: OrderedDict[int, deque[QueuedBatch]] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def put(self, waiting: QueuedBatch) -> None:
        """Behind what else of the device waits."""
        self._waiting.setdefault(waiting.device.id, deque()).append(waiting)
        self.size += waiting.size
        self.arrived.set()

    def take(self) -> list[QueuedBatch]:
        """The next group: a batch of each device in turn, up to GROUP_VALUES, GROUP_BYTES and GROUP_COLUMNS."""
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
    """Gives each device a lane for as long as something of it is on its way: the first that is not full, or the emptiest."""

    def __init__(self, number: int) -> None:
        self.all = [WriteQueue() for _ in range(number)]
        self._lanes: dict[int, WriteQueue] = {}
        self._under_way: dict[int, int] = {}

    def put(self, waiting: QueuedBatch) -> None:
        """Behind whatever else of the device is on its way."""
        device_id = waiting.device.id
        lane = self._lanes.get(device_id)
        if lane is None:
            self._lanes[device_id] = lane = self._choose()
        self._under_way[device_id] = self._under_way.get(device_id, 0) + 1
        lane.put(waiting)

    def done(self, lane: WriteQueue, group: list[QueuedBatch]) -> None:
        """The group is not on its way any more."""
        for waiting in group:
            lane.size -= waiting.size
            device_id = waiting.device.id
            self._under_way[device_id] -= 1
            if not self._under_way[device_id]:
                del self._under_way[device_id], self._lanes[device_id]

    def _choose(self) -> WriteQueue:
        for lane in self.all:
            if lane.size < SPILL_BYTES:
                return lane
        return min(self.all, key=lambda lane: lane.size)
