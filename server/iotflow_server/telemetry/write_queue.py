"""The queues in front of the store: batches of one device keep their order, other devices do not wait for them."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from iotflow_server.devices.device import Device
from iotflow_server.telemetry.batch import Rejection
from iotflow_server.telemetry.multi_device_batch import AnyBatch
from iotflow_server.telemetry.outcome import Outcome

# Small batches gain from being written together (IoTDB takes a hundred tablets of 4 kB in half the time of single writes).
# From this size on, another concurrent write is worth its cost.
SPILL_BYTES = 512 * 2**10
# A transaction holds the writer of the store: a larger group only makes its members wait longer and takes more memory.
GROUP_VALUES, GROUP_BYTES, GROUP_COLUMNS = 500_000, 32 * 2**20, 1_500


# A device of a batch of several takes about this part of the time of a column of its own batch.
_DEVICES_A_COLUMN = 8


@dataclass(frozen=True, slots=True)
class QueuedBatch:
    """A batch on its way to the store; outcome is set when it is durable. devices: those of the batch. rejected: rows that were
    left out of it."""

    devices: Sequence[Device]
    batch: AnyBatch
    values: int
    size: int
    outcome: asyncio.Future[Outcome]
    rejected: tuple[Rejection, ...] = ()

    @property
    def columns(self) -> int:
        """A measure of the time that the batch takes, as a number of columns."""
        return len(self.batch.columns) * (1 + len(self.devices) // _DEVICES_A_COLUMN)


class WriteQueue:
    """Batches that are written group by group; devices take turns. size: bytes that wait or are being written.

    The batches of a device wait in one line, in order. Devices of one batch share a line while it waits.
    """

    def __init__(self) -> None:
        self.size = 0
        self.arrived = asyncio.Event()
        # By line, the next one first. A line has the number of its device, or a negative one.
        self._waiting: OrderedDict[int, deque[QueuedBatch]] = OrderedDict()
        # The lines of devices that share one, and the devices of each such line.
        self._shared: dict[int, int] = {}
        self._sharing: dict[int, list[int]] = {}
        self._numbers = count(-1, -1)

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def put(self, queued: QueuedBatch) -> None:
        """Add a batch behind the other batches of its devices."""
        devices = queued.devices
        line = self._line(devices[0].id) if len(devices) == 1 else self._shared_line([device.id for device in devices])
        self._waiting.setdefault(line, deque()).append(queued)
        self.size += queued.size
        self.arrived.set()

    def take(self) -> list[QueuedBatch]:
        """The next group: one batch of each line in turn, up to GROUP_VALUES, GROUP_BYTES and GROUP_COLUMNS."""
        group, values, size, columns = list[QueuedBatch](), 0, 0, 0
        while self._waiting:
            following = next(iter(self._waiting.values()))[0]
            values, size = values + following.values, size + following.size
            columns += following.columns
            if group and (values > GROUP_VALUES or size > GROUP_BYTES or columns > GROUP_COLUMNS):
                break
            group.append(self._pop())
        return group

    def _pop(self) -> QueuedBatch:
        line, batches = self._waiting.popitem(last=False)
        taken = batches.popleft()
        if batches:
            self._waiting[line] = batches
        else:
            for device_id in self._sharing.pop(line, ()):
                self._shared.pop(device_id, None)
        return taken

    def _line(self, device_id: int) -> int:
        return self._shared.get(device_id, device_id)

    def _shared_line(self, device_ids: Sequence[int]) -> int:
        """A line of all these devices: theirs, if they wait in one already."""
        lines = {line for line in map(self._line, device_ids) if line in self._waiting}
        line = max(lines, key=lambda one: len(self._sharing.get(one, ())), default=next(self._numbers))
        for other in lines - {line}:
            self._waiting[line].extend(self._waiting.pop(other))
            self._share(line, self._sharing.pop(other, [other]))
        self._share(line, device_ids)
        return line

    def _share(self, line: int, device_ids: Sequence[int]) -> None:
        self._shared.update(dict.fromkeys(device_ids, line))
        self._sharing.setdefault(line, []).extend(device_ids)


class WriteQueues:
    """Assigns a device to one queue while any of its batches are in progress: to the first queue that is not full, or else
    to the shortest. This way the batches of a device are stored, published and acknowledged in order."""

    def __init__(self, number: int) -> None:
        self.all = [WriteQueue() for _ in range(number)]
        self._assigned: dict[int, WriteQueue] = {}
        self._in_progress: dict[int, int] = {}

    def put(self, queued: QueuedBatch) -> None:
        """Add a batch behind the other batches of its devices; if there are several, they are of one part of `divided`."""
        queue = self.all[0]
        if len(self.all) > 1:
            assigned = [device.id for device in queued.devices if device.id in self._assigned]
            queue = self._assigned[assigned[0]] if assigned else self._choose()
            for device in queued.devices:
                self._assigned[device.id] = queue
                self._in_progress[device.id] = self._in_progress.get(device.id, 0) + 1
        queue.put(queued)

    def divided(self, device_ids: Sequence[int]) -> list[list[int]]:
        """The places of devices that may be together in one batch: those of one queue."""
        if len(self.all) == 1 or self._assigned.keys().isdisjoint(device_ids):
            return [list(range(len(device_ids)))]
        chosen, places = self._choose(), dict[int, list[int]]()
        for place, device_id in enumerate(device_ids):
            places.setdefault(id(self._assigned.get(device_id, chosen)), []).append(place)
        return list(places.values())

    def done(self, queue: WriteQueue, group: list[QueuedBatch]) -> None:
        """Record that a group is no longer in progress."""
        for queued in group:
            queue.size -= queued.size
            for device in queued.devices if len(self.all) > 1 else ():
                self._in_progress[device.id] -= 1
                if not self._in_progress[device.id]:
                    del self._in_progress[device.id], self._assigned[device.id]

    def _choose(self) -> WriteQueue:
        for queue in self.all:
            if queue.size < SPILL_BYTES:
                return queue
        return min(self.all, key=lambda queue: queue.size)
