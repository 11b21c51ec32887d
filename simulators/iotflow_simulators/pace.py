"""When a row is due."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
from numpy.typing import NDArray

from iotflow_simulators.csv_rows import Chunk


class Pace:
    """Rows in the rhythm in which they were recorded, `speed` times as fast; None: all at once."""

    def __init__(self, speed: float | None) -> None:
        self._speed = speed
        # The loop's time, in seconds, at which the recording began; the recording's first time and its latest, in ms.
        self._began = 0.0
        self._first = self._latest = np.int64(0)

    async def parts(self, chunk: Chunk) -> AsyncIterator[Chunk]:
        """The chunk's rows when they are due, those that are due together in one part."""
        if self._speed is None and len(chunk.times):
            yield chunk
        if self._speed is None or not len(chunk.times):
            return
        due = self._due(chunk.times, self._speed)
        start = 0
        while start < len(due):
            await asyncio.sleep(max(due[start] - self._elapsed(), 0.0))
            end = max(int(np.searchsorted(due, self._elapsed(), side="right")), start + 1)
            yield chunk.part(slice(start, end))
            start = end

    def _due(self, times: NDArray[np.int64], speed: float) -> NDArray[np.float64]:
        """Seconds from the beginning until each row is due; one that goes back in time is due with the row before."""
        if not self._began:
            self._began = asyncio.get_running_loop().time()
            self._first = self._latest = times[0]
        highest = np.maximum(np.maximum.accumulate(times), self._latest)
        self._latest = highest[-1]
        due: NDArray[np.float64] = (highest - self._first) / (1_000 * speed)
        return due

    def _elapsed(self) -> float:
        return asyncio.get_running_loop().time() - self._began
