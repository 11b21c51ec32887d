"""The order in which batches are written to the store."""

import asyncio
from datetime import UTC, datetime

import numpy as np

from iotflow_server.devices.device import Device
from iotflow_server.telemetry.batch import Batch, Column, ValueType
from iotflow_server.telemetry.write_queue import GROUP_COLUMNS, GROUP_VALUES, QueuedBatch, WriteQueue

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def waiting(device_id: int, number: int, *, rows: int = 1, columns: int = 1) -> QueuedBatch:
    """number: first time of the batch, which identifies it."""
    device = Device(device_id, f"d{device_id}", "", "", "active", "", "", "", {}, NOW, NOW, None)
    made = tuple(Column(f"m{column}", ValueType.DOUBLE, np.zeros(rows)) for column in range(columns))
    batch = Batch(device_id, np.arange(rows) + number, made)
    return QueuedBatch(device, batch, batch.values, batch.size, asyncio.get_running_loop().create_future())


def numbers(group: list[QueuedBatch]) -> list[tuple[int, int]]:
    return [(one.batch.device_id, int(one.batch.times[0])) for one in group]


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
