"""The rows of a replay are counted as acknowledged, rejected or empty."""

import io

import numpy as np
import pytest
from rich.console import Console

from iotflow.v1.telemetry_pb2 import Rejection
from iotflow_simulators.recordings.chunk import Chunk
from iotflow_simulators.recordings.progress import progress_on
from iotflow_simulators.recordings.tally import ReplayTally

NONE = float("nan")
BATCH = {"a": np.array([1.0, 2.0, NONE]), "b": np.array(["x", None, "z"], object)}


def rejected(index: int, count: int, measurement: str = "") -> Rejection:
    """A rejection in the second batch."""
    return Rejection(sequence=2, index=index, count=count, measurement=measurement, reason="R", message="why")


@pytest.mark.parametrize(
    ("rejections", "whole"),
    [
        ([], 0),
        ([rejected(0, 2)], 2),
        ([rejected(0, 3, "a")], 1),
        ([rejected(0, 1, "a")], 0),
        ([rejected(0, 1, "a"), rejected(0, 1, "b")], 1),
        ([rejected(0, 1), rejected(0, 1), rejected(0, 1, "a")], 1),
    ],
)
def test_a_row_is_rejected_where_none_of_its_values_is_stored(rejections: list[Rejection], whole: int) -> None:
    tally = ReplayTally()
    for _ in range(3):
        tally.count(Chunk(np.arange(3), BATCH), in_order=True)
    assert tally.acknowledge(3) == 0
    for rejection in rejections:
        tally.reject(rejection)
    assert tally.acknowledge(6) == whole
    assert (tally.acknowledged, tally.rejected_whole) == (9 - whole, whole)
    assert tally.is_complete is not bool(rejections)


def test_a_single_row_is_singular() -> None:
    tally = ReplayTally()
    tally.count(Chunk(np.array([1]), {"a": np.array([1.0])}), in_order=True)
    tally.empty = 1
    tally.reject(Rejection(sequence=1, count=1, reason="R", message="why"))
    tally.acknowledge(1)
    assert tally.summary() == [
        "0 of 1 row sent is acknowledged, 1 rejected; 1 distinct time",
        "1 row holds no value and was not sent",
        "rejected: whole rows, 1 row: why (R)",
    ]


@pytest.mark.parametrize(
    ("terminal", "expected"), [(False, "2 of 3 rows acknowledged, 1 rejected, "), (True, "1 rejected")]
)
def test_progress_counts_rejected_rows_separately(*, terminal: bool, expected: str) -> None:
    output = io.StringIO()
    with progress_on(Console(file=output, force_terminal=terminal, color_system=None, width=120), 3) as progress:
        progress.advance(2, 0)
        progress.advance(1, 1)
    assert expected in output.getvalue()
