"""The order in which batches are written to the store."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import numpy as np
import pytest

from iotflow_server.devices.device import Device
from iotflow_server.telemetry import write_queue
from iotflow_server.telemetry.batch import Batch, Column, ValueType
from iotflow_server.telemetry.multi_device_batch import MultiDeviceBatch
from iotflow_server.telemetry.write_queue import GROUP_COLUMNS, GROUP_VALUES, QueuedBatch, WriteQueue, WriteQueues

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def waiting(device_id: int, number: int, *, rows: int = 1, columns: int = 1) -> QueuedBatch:
    """number: first time of the batch, which identifies it."""
    device = Device(device_id, f"d{device_id}", "", "", "active", "", "", "", {}, NOW, NOW, None)
    made = tuple(Column(f"m{column}", ValueType.DOUBLE, np.zeros(rows)) for column in range(columns))
    batch = Batch(device_id, np.arange(rows) + number, made)
    return QueuedBatch([device], batch, batch.values, batch.size, asyncio.get_running_loop().create_future())


def numbers(group: list[QueuedBatch]) -> list[tuple[int, int]]:
    return [(one.devices[0].id, int(one.batch.times[0])) for one in group]


async def test_a_device_with_many_batches_does_not_delay_others() -> None:
    lane, wide = WriteQueue(), GROUP_COLUMNS // 4
    for number in range(100):
        lane.put(waiting(1, number, columns=wide))
    lane.put(waiting(2, 0))
    lane.put(waiting(2, 1))
    assert numbers(lane.take()) == [(1, 0), (2, 0), (1, 1), (2, 1), (1, 2)]
    assert numbers(lane.take()) == [(1, number) for number in range(3, 7)]


async def test_a_group_is_bounded_and_a_larger_batch_is_written_alone() -> None:
    lane = WriteQueue()
    lane.put(waiting(1, 0, rows=GROUP_VALUES + 1))
    lane.put(waiting(1, 1, rows=GROUP_VALUES // 2))
    lane.put(waiting(1, 2, rows=GROUP_VALUES // 2))
    lane.put(waiting(1, 3))
    assert [numbers(lane.take()) for _ in range(3)] == [[(1, 0)], [(1, 1), (1, 2)], [(1, 3)]]
    assert not lane


def together(device_ids: list[int], number: int) -> QueuedBatch:
    """A batch with a row of each device. number: their time."""
    single = [waiting(device_id, number) for device_id in device_ids]
    batch = MultiDeviceBatch(
        device_ids,
        np.arange(1, len(device_ids) + 1),
        np.full(len(device_ids), number),
        (Column("m0", ValueType.DOUBLE, np.zeros(len(device_ids))),),
    )
    return QueuedBatch([one.devices[0] for one in single], batch, batch.values, batch.size, single[0].outcome)


def order(lane: WriteQueue) -> dict[int, list[int]]:
    """The times of each device in the order in which they are written."""
    found: dict[int, list[int]] = {}
    while lane:
        record(found, lane.take())
    return found


async def test_batches_of_several_devices_keep_the_order_of_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if each group has one batch only, and lines of devices join."""
    monkeypatch.setattr(write_queue, "GROUP_COLUMNS", 1)
    lane, random, sent = WriteQueue(), Random(1), dict[int, list[int]]()  # noqa: S311 - no secret
    found: dict[int, list[int]] = {}
    for number in range(2_000):
        device_ids = random.sample(range(1, 13), random.choice([1, 1, 2, 5]))
        lane.put(some(device_ids, number))
        record(sent, [some(device_ids, number)])
        record(found, lane.take() if random.random() < 0.6 else [])
    for device_id, numbers_left in order(lane).items():
        found.setdefault(device_id, []).extend(numbers_left)
    assert found == sent


async def test_devices_that_shared_a_line_take_turns_again() -> None:
    lane = WriteQueue()
    lane.put(together([1, 2], 0))
    lane.put(waiting(1, 1))
    assert order(lane) == {1: [0, 1], 2: [0]}
    for number in range(2):
        lane.put(waiting(1, number, columns=GROUP_COLUMNS))
        lane.put(waiting(2, number, columns=GROUP_COLUMNS))
    assert [numbers(lane.take()) for _ in range(4)] == [[(1, 0)], [(2, 0)], [(1, 1)], [(2, 1)]]


def some(device_ids: list[int], number: int) -> QueuedBatch:
    """A batch of one device or several."""
    return together(device_ids, number) if len(device_ids) > 1 else waiting(device_ids[0], number)


def record(found: dict[int, list[int]], group: list[QueuedBatch]) -> None:
    for queued in group:
        for device in queued.devices:
            found.setdefault(device.id, []).append(int(queued.batch.times[0]))


async def test_queues_that_share_the_devices_keep_the_order_of_each() -> None:
    """Also of batches of several devices, which are divided by the queues of these, while groups are in progress."""
    queues, random = WriteQueues(3), Random(1)  # noqa: S311 - no secret
    sent, found = dict[int, list[int]](), dict[int, list[int]]()
    in_progress: dict[int, list[QueuedBatch]] = {}
    for number in range(2_000):
        device_ids = random.sample(range(1, 13), random.choice([1, 1, 2, 5]))
        record(sent, [some(device_ids, number)])
        for places in queues.divided(device_ids):
            # Behind several large batches, the next queue is the better one.
            size = random.choice([1, 2**20])
            queues.put(replace(some([device_ids[place] for place in places], number), size=size))
        place = random.randrange(3)
        if place in in_progress:
            queues.done(queues.all[place], in_progress.pop(place))
        elif group := queues.all[place].take():
            record(found, group)
            in_progress[place] = group
            busy = [{device.id for one in group for device in one.devices} for group in in_progress.values()]
            assert sum(map(len, busy)) == len(set().union(*busy)), "no two groups in progress share a device"
    for queue in queues.all:
        while queue:
            record(found, queue.take())
    assert found == sent
