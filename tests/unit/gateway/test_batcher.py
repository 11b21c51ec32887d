"""Joining messages of many devices into batches loses nothing, keeps each device's order, and knows whose each row is."""

import asyncio
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotflow.batches import decode_batch
from iotflow.readings import Reading, Values
from iotflow.v1.telemetry_pb2 import Column, Rejection, TelemetryBatch
from iotflow_gateway.pipeline.batcher import BUSY, Batcher
from iotflow_gateway.pipeline.device_rows import DeviceRows
from iotflow_gateway.pipeline.message import Message
from iotflow_gateway.pipeline.multi_device_batch import MultiDeviceBatch
from iotflow_gateway.pipeline.pending_batch import PendingBatch
from iotflow_gateway.topics import Address
from iotflow_server.rpc.codec.wire_batches import decode
from iotflow_server.rpc.codec.wire_runs import runs
from iotflow_server.telemetry.checks import Limits

VALUES = st.one_of(st.floats(allow_nan=False), st.integers(2**53, 2**63 - 1), st.booleans(), st.text(max_size=3))
READINGS = st.builds(
    Reading,
    time=st.none() | st.integers(0, 10**12),
    values=st.dictionaries(st.sampled_from("abcd"), VALUES, min_size=1),
)
SENT = st.lists(st.tuples(st.integers(1, 3), st.lists(READINGS, min_size=1, max_size=5)), max_size=30)


def message() -> Message:
    return Message("t", Address(None, "", ""), b"", 1, 1)


async def drained(batcher: Batcher, rows: int) -> list[PendingBatch]:
    out: list[PendingBatch] = []
    while sum(map(len, out)) < rows:
        out.append(await batcher.next())
        batcher.complete(out[-1])
    return out


@given(SENT)
def test_every_reading_comes_out_once_in_its_devices_order(sent: list[tuple[int, list[Reading]]]) -> None:
    batcher, messages = Batcher(), [message() for _ in sent]
    for (device_id, readings), one in zip(sent, messages, strict=True):
        batcher.add(device_id, one, readings)
    total = sum(len(readings) for _, readings in sent)
    out = asyncio.run(drained(batcher, total))
    batches = [outgoing.batch() for outgoing in out]
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
            None if batch.timeless else time,
            {
                name: column.data[row].item() if isinstance(column.data[row], np.generic) else column.data[row]
                for name, column in columns.items()
                if not np.ma.getmaskarray(column)[row]
            },
        )
        for row, time in enumerate(times.tolist())
    ]


def test_a_rejection_concerns_those_who_have_the_measurement() -> None:
    rows, messages = DeviceRows(1, timeless=False), [message() for _ in range(4)]
    for number, one in enumerate(messages):
        readings = [Reading(number, {"bad" if number % 2 else "good": 1.0}), Reading(number, {"bad": 2.0}, 1)]
        assert rows.append(one, readings, 0) == 2
    assert list(rows.affected_by(0, 8, "bad")) == list(zip(messages, [1, 0, 1, 0], strict=True))
    assert list(rows.affected_by(3, 4, "bad")) == [(messages[1], 1)]
    assert list(rows.affected_by(0, 8, "")) == list(zip(messages, [0] * 4, strict=True))


def test_a_rejection_concerns_the_devices_whose_rows_it_names() -> None:
    batcher, messages = Batcher(), [message() for _ in range(4)]
    for number, one in enumerate(messages):
        batcher.add(number, one, [Reading(row, {"bad" if number < 3 else "good": 1.0}, row) for row in range(2)])
    (bundle,) = asyncio.run(drained(batcher, 8))
    cases = {
        (0, 8, "bad"): [(0, 0), (1, 0), (2, 0)],
        (3, 2, "bad"): [(1, 1), (2, 0)],
        (5, 3, ""): [(2, 1), (3, 0)],
    }
    for (index, count, measurement), expected in cases.items():
        found = bundle.affected_by(Rejection(index=index, count=count, measurement=measurement))
        assert [(messages.index(one), reading) for one, reading in found] == expected


async def test_devices_go_together_while_others_are_on_their_way() -> None:
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


async def test_what_does_not_go_together_waits_for_nobody() -> None:
    """However many are on their way: it would not grow."""
    batcher = Batcher()
    for number in range(60):
        batcher.add(1, message(), [Reading(number, {"a": "text" if number % 2 else 1.0})])
    async with asyncio.timeout(5):
        sent = [await batcher.next() for _ in range(60)]
    assert [list(outgoing.batch().timestamps) for outgoing in sent] == [[number] for number in range(60)]


async def test_those_who_were_refused_together_go_apart() -> None:
    batcher, messages = Batcher(), [message() for _ in range(4)]
    for device_id in range(3):
        batcher.add(device_id, messages[device_id], [Reading(0, {"a": 1.0})])
    bundle = await batcher.next()
    assert isinstance(bundle, MultiDeviceBatch)
    assert bundle.is_rejected_whole(Rejection(reason="INVALID_ARGUMENT", count=3))
    assert not bundle.is_rejected_whole(Rejection(reason="INVALID_ARGUMENT", count=2))
    assert not bundle.is_rejected_whole(Rejection(reason="TYPE_CONFLICT", measurement="a", count=3))
    batcher.add(3, messages[3], [Reading(0, {"a": 1.0})])
    batcher.complete(bundle)
    batcher.resend_separately(bundle)
    # From now on nobody is held back, for nobody goes with others.
    async with asyncio.timeout(5):
        again = [await batcher.next() for _ in range(4)]
    assert [outgoing.batch().device_id for outgoing in again] == [0, 1, 2, 3]
    assert [list(outgoing.messages()) for outgoing in again] == [[one] for one in messages]
    assert [one.pending_parts for one in messages] == [1] * 4


async def test_two_that_were_refused_keep_their_order() -> None:
    batcher, bundles = Batcher(), list[PendingBatch]()
    for time_ms in (1, 2):
        for device_id in (1, 2):
            batcher.add(device_id, message(), [Reading(time_ms, {"a": 1.0})])
        bundles.append(await batcher.next())
    for bundle in bundles:
        assert isinstance(bundle, MultiDeviceBatch)
        batcher.complete(bundle)
        batcher.resend_separately(bundle)
    batches = [(await batcher.next()).batch() for _ in range(4)]
    assert [(batch.device_id, *batch.timestamps) for batch in batches] == [(1, 1), (2, 1), (1, 2), (2, 2)]


def test_many_refusals_of_many_devices_are_told_apart_quickly() -> None:
    """Looked for, not walked to: that would take half a minute."""
    batcher, messages = Batcher(), [message() for _ in range(1_000)]
    for device_id, one in enumerate(messages):
        batcher.add(device_id, one, [Reading(0, {f"m{n}": 1.0 for n in range(50)})])
    (bundle,) = asyncio.run(drained(batcher, 1_000))
    refused = [Rejection(index=row, count=1, measurement=f"m{n}") for row in range(0, 1_000, 2) for n in range(50)]
    began = time.process_time()
    told = [list(bundle.affected_by(rejection)) for rejection in refused]
    assert time.process_time() - began < 5
    assert told == [[(messages[rejection.index], 0)] for rejection in refused]


async def test_nothing_overtakes_what_its_own_device_sent_before() -> None:
    """Though a batch that a device made goes alone, and what does not fit waits for the next."""
    batcher = Batcher()
    first, text, last = Reading(1, {"a": 1.0}), Reading(2, {"a": "text"}), Reading(3, {"a": 3.0})
    for reading in (first, text, last):
        batcher.add(1, message(), [reading])
    made = TelemetryBatch(device_id=2, timestamps=[1], columns=[Column(measurement="a", doubles=[1])])
    batcher.add_batch(2, message(), made)
    batcher.add(2, message(), [last])
    batcher.add(3, message(), [last])
    batches = [outgoing.batch() for outgoing in await drained(batcher, 6)]
    assert [(list(one.device_ids) or one.device_id, list(one.timestamps)) for one in batches] == [
        ([1, 3], [1, 3]),
        (1, [2]),
        (1, [3]),
        (2, [1]),
        (2, [3]),
    ]


def test_devices_that_have_nothing_in_common_are_not_sent_as_empty_columns() -> None:
    batcher = Batcher()
    for device_id in range(500):
        batcher.add(device_id, message(), [Reading(0, {f"m{device_id}_{n}": 1.0 for n in range(6)})])
    batches = [outgoing.batch() for outgoing in asyncio.run(drained(batcher, 500))]
    assert max(len(batch.columns) * len(batch.timestamps) for batch in batches) <= 4_000
    assert len(batches) < 50


# Devices, kinds of them, readings of each, and measurements in one.
FLEETS = {
    "one, unlike itself": (1, 300, 10, 40),
    "wide": (600, 4, 1, 100),
    "narrow": (2_000, 1, 1, 1),
    "talkative": (3, 1, 2_500, 5),
    "unlike": (500, 500, 1, 30),
}


@pytest.mark.parametrize("fleet", FLEETS)
def test_batches_stay_below_what_a_server_takes(fleet: str) -> None:
    devices, kinds, rows, measurements = FLEETS[fleet]
    batcher = Batcher()
    for number in range(max(devices, kinds)):
        kind = number % kinds * measurements
        values: Values = {f"m{kind + column}": 1.0 for column in range(measurements)}
        batcher.add(number % devices, message(), [Reading(row, values, row) for row in range(rows)])
    limits = Limits(rows=100_000, columns=1_000, values=1_000_000, text_bytes=65_536, names=2_000)
    for outgoing in asyncio.run(drained(batcher, max(devices, kinds) * rows)):
        batch = outgoing.batch()
        taken, refused = decode(batch, limits, runs(batch))
        assert taken is not None
        assert (len(taken.times), refused) == (len(outgoing), [])
