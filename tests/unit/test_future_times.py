"""The limit of readings in the future."""

import numpy as np
import pytest

from iotflow_server.telemetry.batch import Batch
from iotflow_server.telemetry.checks import FutureLimit

NOW, HOUR = 1_767_225_600_000, 3_600_000


@pytest.mark.parametrize(
    ("ahead", "now", "times", "refused"),
    [
        (HOUR, NOW, [NOW, NOW + HOUR], []),
        (HOUR, NOW, [NOW, NOW + HOUR + 1], [(1, 1)]),
        (HOUR, NOW, [NOW + 2 * HOUR, NOW, NOW + 2 * HOUR, NOW + 3 * HOUR], [(0, 1), (2, 2)]),
        (None, NOW, [NOW + 10**12], []),
        # A rejection for each row would take far more memory and time than the batch.
        (HOUR, NOW, [NOW + 2 * HOUR, NOW] * 32, [(row, 1) for row in range(0, 64, 2)]),
        (HOUR, NOW, [NOW, NOW + 2 * HOUR] * 33, [(0, 66)]),
        # The clock of the server is not set: the machine has no battery-backed clock, and waits for network time.
        (HOUR, 1_000, [NOW], []),
    ],
)
def test_rows_beyond_the_limit_are_rejected_as_runs(
    ahead: int | None, now: int, times: list[int], refused: list[tuple[int, int]]
) -> None:
    found = FutureLimit(ahead, lambda: now).rejections(Batch(1, np.array(times, np.int64), ()))
    assert [(one.index, one.count) for one in found] == refused
