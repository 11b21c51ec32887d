"""Where a replay does not write to a terminal, its progress is a line every few seconds, and one at the end."""

import io

import pytest
from rich.console import Console

from iotflow_simulators.recordings import progress


class Clock:
    """Stands for the module `time`. now: seconds."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


def test_a_line_comes_every_five_seconds_and_at_the_end(clock: Clock) -> None:
    output = io.StringIO()
    with progress.progress_on(Console(file=output), 3_000) as display:
        for seconds, rejected in ((1, 0), (4, 0), (4, 10), (0, 0), (1, 0), (0.5, 0)):
            clock.now += seconds
            display.advance(500, rejected)
    assert output.getvalue().splitlines() == [
        "1,000 of 3,000 rows acknowledged, 200 rows/s",
        "2,490 of 3,000 rows acknowledged, 10 rejected, 250 rows/s",
        "2,990 of 3,000 rows acknowledged, 10 rejected, 286 rows/s",
    ]


def test_a_replay_without_rows_writes_no_line(clock: Clock) -> None:
    output = io.StringIO()
    with progress.progress_on(Console(file=output), 1):
        clock.now += 60
    assert output.getvalue() == ""
