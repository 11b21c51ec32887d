"""When readings are due: stages speed up and slow down the fleets' intervals."""

from collections.abc import Sequence

import numpy as np

from iotflow_simulators.randoms import Ints
from iotflow_simulators.scenario.scenario import Stage

# Work is counted in thousandths of a millisecond at rate 1.
PER_MS = 1_000
_STEPS_OF_RAMP = 200
# Times of readings are multiples of this, in ms: the times of readings with wrong clocks are not.
GRID = 4


class Pace:
    """Converts between ms since the start and work: a device sends a reading each time that `interval` more work is done.

    A ramp is divided into steps of constant rate, so that whole numbers suffice.
    """

    def __init__(self, stages: Sequence[Stage]) -> None:
        lengths, rates = [0], [PER_MS if not stages else 0]
        for stage in stages:
            for length, rate in _steps(stage):
                lengths.append(length)
                rates.append(rate)
        rates.append(rates[-1] if not stages else round(stages[-1].end * PER_MS))
        self._times = np.cumsum(np.array(lengths, np.int64))
        self._rates = np.array(rates[1:], np.int64)
        done = np.diff(self._times) * self._rates[:-1]
        self._work = np.concatenate([np.zeros(1, np.int64), np.cumsum(done)])

    def work(self, time: int) -> int:
        """The work done until a time."""
        step = int(np.searchsorted(self._times, time, side="right")) - 1
        return int(self._work[step] + (time - self._times[step]) * self._rates[step])

    def due(self, work: Ints) -> Ints:
        """The first times of the grid at which this work is done. It must be reached."""
        step = np.maximum(np.searchsorted(self._work, work, side="left") - 1, 0)
        exact = self._times[step] - (self._work[step] - work) // np.maximum(self._rates[step], 1)
        return -(-exact // GRID) * GRID


def _steps(stage: Stage) -> list[tuple[int, int]]:
    """Lengths in ms and rates in thousandths."""
    if stage.start == stage.end:
        return [(stage.over, round(stage.start * PER_MS))]
    count = min(_STEPS_OF_RAMP, max(stage.over // 100, 1))
    first, last = round(stage.start * PER_MS), round(stage.end * PER_MS)
    ends = [stage.over * (step + 1) // count for step in range(count)]
    rates = [first + (last - first) * (2 * step + 1) // (2 * count) for step in range(count)]
    return [(end - begin, rate) for begin, end, rate in zip([0, *ends], ends, rates, strict=False)]
