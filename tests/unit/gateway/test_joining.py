"""Joining messages of many devices into batches loses nothing, keeps each device's order, and knows whose each row is."""

import asyncio
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from iotflow.batches import decode_batch
from iotflow.v1.telemetry_pb2 import Rejection
from iotflow_gateway.joining import Joining
from iotflow_gateway.message import Message
from iotflow_gateway.readings import Reading
from iotflow_gateway.rows import Rows
from iotflow_gateway.topics import Address

VALUES = st.one_of(st.floats(allow_nan=False), st.booleans(), st.text(max_size=3))
READINGS = st.builds(
    Reading,
    time=st.none() | st.integers(0, 10**12),
    values=st.dictionaries(st.sampled_from("abcd"), VALUES, min_size=1),
)
SENT = st.lists(st.tuples(st.integers(1, 3), st.lists(READINGS, min_size=1, max_size=5)), max_size=30)


def message() -> Message:
    return Message("t", Address(None, "", ""), b"", 1, 1)


async def drained(joining: Joining, rows: int) -> list[Rows]:
    out: list[Rows] = []
    while sum(map(len, out)) < rows:
        outgoing = await joining.next()
        assert isinstance(outgoing, Rows)
        out.append(outgoing)
    return out


@given(SENT)
def test_every_reading_comes_out_once_in_its_devices_order(sent: list[tuple[int, list[Reading]]]) -> None:
    joining, messages = Joining(), [message() for _ in sent]
    for (device_id, readings), one in zip(sent, messages, strict=True):
        joining.add(device_id, one, readings)
    total = sum(len(readings) for _, readings in sent)
    out = asyncio.run(drained(joining, total))
    for device_id in (1, 2, 3):
        wanted = [reading for device, readings in sent if device == device_id for reading in readings]
        assert [row for rows in out if rows.device_id == device_id for row in unpacked(rows)] == [
            (reading.time, reading.values) for reading in wanted
        ]
    waits = [sum(one in list(rows.messages()) for rows in out) for one in messages]
    assert [one.waiting for one in messages] == waits
    assert all(waits)


def unpacked(rows: Rows) -> list[tuple[int | None, dict[str, Any]]]:
    batch = rows.batch()
    times, columns = decode_batch(batch)
    return [
        (
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
    rows, messages = Rows(1, timeless=False), [message() for _ in range(4)]
    for number, one in enumerate(messages):
        readings = [Reading(number, {"bad" if number % 2 else "good": 1.0}), Reading(number, {"bad": 2.0})]
        assert rows.take(one, readings, 0) == 2
    of_all = Rejection(index=0, count=8, measurement="bad")
    assert list(rows.concerned(of_all)) == list(zip(messages, [1, 0, 1, 0], strict=True))
    of_one = Rejection(index=3, count=1, measurement="bad")
    assert list(rows.concerned(of_one)) == [(messages[1], 1)]
    whole = Rejection(index=0, count=8)
    assert list(rows.concerned(whole)) == list(zip(messages, [0] * 4, strict=True))


def test_batches_stay_below_what_a_server_takes() -> None:
    """However unlike each other the messages of a device are."""
    joining = Joining()
    for number in range(300):
        readings = [Reading(row, {f"m{number * 40 + column}": 1.0 for column in range(40)}) for row in range(10)]
        joining.add(1, message(), readings)
    for rows in asyncio.run(drained(joining, 3_000)):
        batch = rows.batch()
        assert len(batch.columns) <= 1_000
        assert len(batch.columns) * len(batch.timestamps) <= 300_000
