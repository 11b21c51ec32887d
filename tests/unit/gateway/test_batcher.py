"""Batches of many devices lose no reading, keep the order of each device, and map each row to its message."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotflow.batches import decode_batch
from iotflow.readings import Reading, Values
from iotflow.v1.telemetry_pb2 import Column, Rejection, TelemetryBatch
from iotflow_gateway.pipeline import pending_batches
from iotflow_gateway.pipeline.batcher import BUSY, Batcher
from iotflow_gateway.pipeline.device_rows import DeviceRows
from iotflow_gateway.pipeline.message import Message
from iotflow_gateway.pipeline.pending_batches import MultiDeviceBatch, PassthroughBatch, PendingBatch
from iotflow_gateway.topics import Address
from iotflow_server.rpc.codec.batch_decoding import decode, runs
from iotflow_server.telemetry.checks import Limits

VALUES = st.one_of(st.floats(allow_nan=False), st.integers(2**53, 2**63 - 1), st.booleans(), st.text(max_size=3))
READINGS = st.builds(
    Reading,
    time=st.none() | st.integers(0, 10**12),
    values=st.dictionaries(st.sampled_from("abcd"), VALUES, min_size=1),
)
SENT = st.lists(st.tuples(st.integers(1, 3), st.lists(READINGS, min_size=1, max_size=3)), max_size=20)


def message() -> Message:
    return Message("t", Address(None, "", ""), b"", 1, 1)


async def drained(batcher: Batcher, rows: int) -> list[PendingBatch]:
    out: list[PendingBatch] = []
    while sum(map(len, out)) < rows:
        out.append(await batcher.next())
        batcher.complete(out[-1])
    return out


@given(SENT)
async def test_every_reading_is_sent_once_in_the_order_of_its_device(sent: list[tuple[int, list[Reading]]]) -> None:
    batcher, messages = Batcher(), [message() for _ in sent]
    for (device_id, readings), one in zip(sent, messages, strict=True):
        batcher.add(device_id, one, readings)
    total = sum(len(readings) for _, readings in sent)
    out = await drained(batcher, total)
    batches = [pending.batch() for pending in out]
    for device_id in (1, 2, 3):
        wanted = [reading for device, readings in sent if device == device_id for reading in readings]
        assert [row for batch in batches for device, *row in unpacked(batch) if device == device_id] == [
            [reading.time, reading.values] for reading in wanted
        ]
    waits = [sum(one in list(rows.messages()) for rows in out) for one in messages]
    assert [one.pending_parts for one in messages] == waits
    assert all(waits)


def unpacked(batch: TelemetryBatch) -> list[tuple[int, int | None, dict[str, Any]]]:
    times, columns = decode_batch(batch)
    return [
        (
            batch.device_ids[row] if batch.device_ids else batch.device_id,
            None if batch.server_times else time,
            {
                name: column.data[row].item() if isinstance(column.data[row], np.generic) else column.data[row]
                for name, column in columns.items()
                if not np.ma.getmaskarray(column)[row]
            },
        )
        for row, time in enumerate(times.tolist())
    ]


def test_a_rejection_affects_messages_with_the_measurement() -> None:
    rows, messages = DeviceRows(1, server_times=False), [message() for _ in range(4)]
    for number, one in enumerate(messages):
        readings = [Reading(number, {"bad" if number % 2 else "good": 1.0}), Reading(number, {"bad": 2.0}, 1)]
        assert rows.append(one, readings, 0) == 2
    assert list(rows.affected_by(0, 8, "bad")) == list(zip(messages, [1, 0, 1, 0], [1, 2, 1, 2], strict=True))
    assert list(rows.affected_by(3, 4, "bad")) == [(messages[1], 1, 1)]
    assert list(rows.affected_by(0, 8, "")) == list(zip(messages, [0] * 4, [2] * 4, strict=True))


def by_device() -> tuple[Message, PendingBatch]:
    """A message with the rows (a, b) and (a), in the batch that its device made."""
    batch = TelemetryBatch(timestamps=[1, 2])
    batch.columns.add(measurement="a", doubles=[1.0, 2.0])
    batch.columns.add(measurement="b", doubles=[1.0, 0.0], validity=b"\1")
    one = message()
    return one, PassthroughBatch(one, batch)


def as_readings() -> tuple[Message, PendingBatch]:
    """The same rows, joined by the adapter."""
    one, rows = message(), DeviceRows(1, server_times=False)
    rows.append(one, [Reading(1, {"a": 1.0, "b": 1.0}), Reading(2, {"a": 2.0}, 1)], 0)
    return one, MultiDeviceBatch(rows)


@pytest.mark.parametrize("made", [by_device, as_readings])
@pytest.mark.parametrize(
    ("rejections", "left"),
    [
        ([(0, 1, "")], 1),
        ([(1, 1, "")], 2),
        ([(0, 1, ""), (1, 1, "a")], 0),
        ([(0, 2, "a")], 1),
        ([(0, 2, "a"), (0, 2, "b")], 0),
        ([(0, 2, "")], 0),
    ],
)
def test_a_message_counts_the_values_that_are_not_rejected(
    made: Callable[[], tuple[Message, PendingBatch]], rejections: list[tuple[int, int, str]], left: int
) -> None:
    one, pending = made()
    for index, count, measurement in rejections:
        for affected, _, values in pending.affected_by(Rejection(index=index, count=count, measurement=measurement)):
            affected.stored_values -= values
    assert one.stored_values == left
    assert one.is_partly_stored is (left > 0)


async def test_a_rejection_affects_the_devices_of_its_rows() -> None:
    batcher, messages = Batcher(), [message() for _ in range(4)]
    for number, one in enumerate(messages):
        batcher.add(number, one, [Reading(row, {"bad" if number < 3 else "good": 1.0}, row) for row in range(2)])
    (joined,) = await drained(batcher, 8)
    cases = {
        (0, 8, "bad"): [(0, 0, 2), (1, 0, 2), (2, 0, 2)],
        (3, 2, "bad"): [(1, 1, 1), (2, 0, 1)],
        (5, 3, ""): [(2, 1, 1), (3, 0, 2)],
    }
    for (index, count, measurement), expected in cases.items():
        found = joined.affected_by(Rejection(index=index, count=count, measurement=measurement))
        assert [(messages.index(one), *rest) for one, *rest in found] == expected


async def test_devices_are_joined_while_earlier_batches_are_in_flight() -> None:
    batcher = Batcher()
    sent = []
    for device_id in range(BUSY):
        batcher.add(device_id, message(), [Reading(0, {"a": 1.0})])
        sent.append(await batcher.next())
    for device_id in range(100):
        batcher.add(device_id, message(), [Reading(device_id, {"a": 1.0})])
    waiting = asyncio.create_task(batcher.next())
    await asyncio.sleep(0)
    assert not waiting.done()
    batcher.complete(sent[0])
    batch = (await waiting).batch()
    assert list(batch.device_ids) == list(batch.timestamps) == list(range(100))


async def test_readings_that_cannot_be_joined_do_not_wait() -> None:
    """Regardless of the batches in flight: the batch would not grow."""
    batcher = Batcher()
    for number in range(60):
        batcher.add(1, message(), [Reading(number, {"a": "text" if number % 2 else 1.0})])
    async with asyncio.timeout(5):
        sent = [await batcher.next() for _ in range(60)]
    assert [list(pending.batch().timestamps) for pending in sent] == [[number] for number in range(60)]


async def test_devices_of_a_rejected_batch_are_sent_separately() -> None:
    batcher, messages = Batcher(), [message() for _ in range(4)]
    for device_id in range(3):
        batcher.add(device_id, messages[device_id], [Reading(0, {"a": 1.0})])
    joined = await batcher.next()
    assert isinstance(joined, MultiDeviceBatch)
    assert joined.is_rejected_whole(Rejection(reason="INVALID_ARGUMENT", count=3))
    assert not joined.is_rejected_whole(Rejection(reason="INVALID_ARGUMENT", count=2))
    assert not joined.is_rejected_whole(Rejection(reason="TYPE_CONFLICT", measurement="a", count=3))
    batcher.add(3, messages[3], [Reading(0, {"a": 1.0})])
    batcher.complete(joined)
    batcher.resend_separately(joined)
    # From now on no batch waits, because none is joined.
    async with asyncio.timeout(5):
        again = [await batcher.next() for _ in range(4)]
    assert [pending.batch().device_id for pending in again] == [0, 1, 2, 3]
    assert [list(pending.messages()) for pending in again] == [[one] for one in messages]
    assert [one.pending_parts for one in messages] == [1] * 4


async def test_two_rejected_batches_keep_their_order() -> None:
    batcher, bundles = Batcher(), list[PendingBatch]()
    for time_ms in (1, 2):
        for device_id in (1, 2):
            batcher.add(device_id, message(), [Reading(time_ms, {"a": 1.0})])
        bundles.append(await batcher.next())
    for joined in bundles:
        assert isinstance(joined, MultiDeviceBatch)
        batcher.complete(joined)
        batcher.resend_separately(joined)
    batches = [(await batcher.next()).batch() for _ in range(4)]
    assert [(batch.device_id, *batch.timestamps) for batch in batches] == [(1, 1), (2, 1), (1, 2), (2, 2)]


async def test_many_rejections_of_many_devices_are_mapped_quickly() -> None:
    """By binary search; a linear one would take half a minute."""
    batcher, messages = Batcher(), [message() for _ in range(1_000)]
    for device_id, one in enumerate(messages):
        batcher.add(device_id, one, [Reading(0, {f"m{n}": 1.0 for n in range(50)})])
    (joined,) = await drained(batcher, 1_000)
    rejections = [Rejection(index=row, count=1, measurement=f"m{n}") for row in range(0, 1_000, 2) for n in range(50)]
    began = time.process_time()
    affected = [list(joined.affected_by(rejection)) for rejection in rejections]
    assert time.process_time() - began < 5
    assert affected == [[(messages[rejection.index], 0, 1)] for rejection in rejections]


async def test_no_reading_overtakes_an_earlier_one_of_its_device() -> None:
    """A batch made by a device is sent alone, and readings that do not fit wait for the next batch."""
    batcher = Batcher()
    first, text, last = Reading(1, {"a": 1.0}), Reading(2, {"a": "text"}), Reading(3, {"a": 3.0})
    for reading in (first, text, last):
        batcher.add(1, message(), [reading])
    made = TelemetryBatch(device_id=2, timestamps=[1], columns=[Column(measurement="a", doubles=[1])])
    batcher.add_batch(2, message(), made)
    batcher.add(2, message(), [last])
    batcher.add(3, message(), [last])
    batches = [pending.batch() for pending in await drained(batcher, 6)]
    assert [(list(one.device_ids) or one.device_id, list(one.timestamps)) for one in batches] == [
        ([1, 3], [1, 3]),
        (1, [2]),
        (1, [3]),
        (2, [1]),
        (2, [3]),
    ]


async def test_devices_without_common_measurements_do_not_fill_a_batch_with_empty_cells() -> None:
    batcher = Batcher()
    for device_id in range(500):
        batcher.add(device_id, message(), [Reading(0, {f"m{device_id}_{n}": 1.0 for n in range(6)})])
    batches = [pending.batch() for pending in await drained(batcher, 500)]
    assert max(len(batch.columns) * len(batch.timestamps) for batch in batches) <= 4_000
    assert len(batches) < 50


# Number of devices, of kinds of devices, of readings of each device, and of measurements in a reading.
FLEETS = {
    "one, with changing measurements": (1, 300, 10, 40),
    "wide": (600, 4, 1, 100),
    "narrow": (2_000, 1, 1, 1),
    "many readings": (3, 1, 2_500, 5),
    "different": (500, 500, 1, 30),
}


@pytest.mark.parametrize("fleet", FLEETS)
async def test_batches_stay_within_the_limits_of_the_server(fleet: str) -> None:
    devices, kinds, rows, measurements = FLEETS[fleet]
    batcher = Batcher()
    for number in range(max(devices, kinds)):
        kind = number % kinds * measurements
        values: Values = {f"m{kind + column}": 1.0 for column in range(measurements)}
        batcher.add(number % devices, message(), [Reading(row, values, row) for row in range(rows)])
    limits = Limits(rows=100_000, columns=1_000, values=1_000_000, text_bytes=65_536, names=2_000)
    for pending in await drained(batcher, max(devices, kinds) * rows):
        batch = pending.batch()
        taken, rejected = decode(batch, limits, runs(batch))
        assert taken is not None
        assert (len(taken.times), rejected) == (len(pending), [])


def rows_of(device_id: int, count: int) -> DeviceRows:
    rows = DeviceRows(device_id, server_times=False)
    one = Message("t", Address(None, "", ""), b"x" * 100, 1, 1)
    rows.append(one, [Reading(moment, {"value": 1.0}) for moment in range(count)], 0)
    return rows


@pytest.mark.parametrize(
    ("limit", "largest"), [("ENOUGH_ROWS", 4), ("ENOUGH_BYTES", rows_of(1, 2).bytes + rows_of(2, 2).bytes)]
)
def test_devices_are_joined_up_to_each_limit(limit: str, largest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for value, fits in ((largest, True), (largest - 1, False)):
        monkeypatch.setattr(pending_batches, limit, value)
        batch = MultiDeviceBatch(rows_of(1, 2))
        assert batch.append(rows_of(2, 2)) is fits
        assert len(batch) == (4 if fits else 2)
        assert batch.is_full is fits


def test_rows_count_their_values() -> None:
    rows = DeviceRows(1, server_times=False)
    for moment, names in enumerate(("ab", "b", "bc")):
        rows.append(message(), [Reading(moment, dict.fromkeys(names, 1.0))], 0)
    assert rows.values == 5
    assert [part.values for part in rows.by_message()] == [2, 1, 2]
