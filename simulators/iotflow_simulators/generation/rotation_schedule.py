"""When devices replace their keys."""

from collections.abc import Sequence

import numpy as np

from iotflow_simulators.generation.events import RotateKey
from iotflow_simulators.generation.pace import GRID
from iotflow_simulators.randoms import Draws, Words


class RotationSchedule:
    """members: the devices' indices into the plan's devices. interval: in ms; the first rotation of a device is at a random place in
    it."""

    def __init__(self, keys: Words, members: Sequence[int], interval: int) -> None:
        self._members = members
        self._interval = interval
        self._next = (Draws(keys, "key rotation").whole(interval // GRID) + 1) * GRID

    def before(self, end: int) -> list[RotateKey]:
        """Those that are due before `end`, in ms since the start, and were not returned yet."""
        counts = np.maximum((end - 1 - self._next) // self._interval + 1, 0)
        found = [
            RotateKey(self._members[place], int(self._next[place]) + turn * self._interval)
            for place in np.flatnonzero(counts).tolist()
            for turn in range(int(counts[place]))
        ]
        self._next += counts * self._interval
        return found
