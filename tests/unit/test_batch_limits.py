"""Columnar batches exactly at each limit are accepted, and those just beyond are rejected by name."""

import numpy as np
import pytest

from iotflow.v1.telemetry_pb2 import Column, TelemetryBatch
from iotflow_server.errors import InvalidArgument
from iotflow_server.rpc.codec.batch_decoding import MOST_DEVICE_RUNS, MOST_PIECES, are_in_time, decode, runs
from iotflow_server.telemetry.checks import Limits
from iotflow_server.telemetry.times import FIRST_TIME, LAST_TIME

LIMITS = Limits(rows=4, columns=3, values=6, text_bytes=4, names=10)


def doubles(rows: int, columns: int) -> TelemetryBatch:
    values = [Column(measurement=f"m{number}", doubles=[1.0] * rows) for number in range(columns)]
    return TelemetryBatch(device_id=1, timestamps=range(rows), columns=values)


def of_devices(devices: int, columns: int) -> TelemetryBatch:
    message = doubles(devices, columns)
    message.device_id = 0
    message.device_ids.extend(range(1, devices + 1))
    return message


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (4, 1), (2, 3), (3, 2), (1, 3)])
def test_a_batch_at_the_limits_is_decoded(rows: int, columns: int) -> None:
    message = doubles(rows, columns)
    batch, rejections = decode(message, LIMITS, runs(message))
    assert batch is not None
    assert (len(batch.times), len(batch.columns), rejections) == (rows, columns, [])


@pytest.mark.parametrize(
    ("rows", "columns", "field", "limit"),
    [
        (5, 1, "timestamps", "4 rows"),
        (1, 4, "columns", "3 columns"),
        (3, 3, "columns", "6 values"),
        (0, 1, "timestamps", "at least one row"),
        (1, 0, "columns", "at least one column"),
    ],
)
def test_a_batch_beyond_a_limit_is_rejected_by_name(rows: int, columns: int, field: str, limit: str) -> None:
    message = doubles(rows, columns)
    with pytest.raises(InvalidArgument, match=limit) as refusal:
        decode(message, LIMITS, runs(message))
    assert refusal.value.field == field


@pytest.mark.parametrize(("text", "fits"), [("four", True), ("éé", True), ("fifth", False), ("ééé", False)])
def test_a_text_may_have_the_bytes_of_the_limit(text: str, fits: bool) -> None:
    message = TelemetryBatch(device_id=1, timestamps=[1], columns=[Column(measurement="m", strings=[text])])
    batch, rejections = decode(message, LIMITS, runs(message))
    assert (batch is not None, len(rejections)) == (fits, not fits)


@pytest.mark.parametrize(
    ("devices", "columns", "fits"),
    [
        (MOST_DEVICE_RUNS, 1, True),
        (MOST_DEVICE_RUNS + 1, 1, False),
        (MOST_DEVICE_RUNS, MOST_PIECES // MOST_DEVICE_RUNS, True),
        (MOST_DEVICE_RUNS, MOST_PIECES // MOST_DEVICE_RUNS + 1, False),
    ],
)
def test_a_batch_of_many_devices_may_have_as_many_as_the_limit(devices: int, columns: int, fits: bool) -> None:
    message = of_devices(devices, columns)
    if fits:
        assert len(runs(message)) == devices
    else:
        with pytest.raises(InvalidArgument) as refusal:
            runs(message)
        assert refusal.value.field == "device_ids"


@pytest.mark.parametrize(
    ("times", "in_time"),
    [
        ([FIRST_TIME, 0, LAST_TIME], True),
        ([FIRST_TIME - 1, 0], False),
        ([0, LAST_TIME + 1], False),
    ],
)
def test_the_first_and_the_last_millisecond_of_the_calendar_can_be_stored(times: list[int], in_time: bool) -> None:
    assert are_in_time(np.array(times, np.int64)) is in_time
