"""Rows of a recording, and the moments at which they are due."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows of a recording.

    times: shape (rows,), int64 milliseconds since 1970 UTC. columns: measurement to shape (rows,): float64 with NaN
    where there is no value, or objects (str, bool, int) with None there.
    """

    times: NDArray[np.int64]
    columns: Mapping[str, NDArray[Any]]

    def part(self, rows: "slice | NDArray[np.bool_]") -> "Chunk":
        """These rows only."""
        return Chunk(self.times[rows], {name: column[rows] for name, column in self.columns.items()})

    def filled(self) -> "Chunk":
        """The rows that have at least one value."""
        filled = np.zeros(len(self.times), np.bool_)
        for present in self.present().values():
            filled |= present
        return self if filled.all() else self.part(filled)

    def present(self) -> dict[str, NDArray[np.bool_]]:
        """Measurement to shape (rows,): whether there is a value."""
        return {
            name: ~np.isnan(column) if column.dtype.kind == "f" else column != np.array(None)
            for name, column in self.columns.items()
        }


class Pace:
    """Releases rows at the rhythm of the recording, `speed` times as fast; None: without waiting."""

    def __init__(self, speed: float | None) -> None:
        self._speed = speed
        # The loop's time at which the recording began (0: not yet), in seconds; the recording's first and latest times, in ms.
        self._began = 0.0
        self._first = self._latest = np.int64(0)

    async def parts(self, chunk: Chunk) -> AsyncIterator[Chunk]:
        """The chunk's rows when they are due. Rows that are due together come in one part."""
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
        """Seconds from the beginning until each row is due. A row with an earlier time than the row before is due with that row."""
        if not self._began:
            self._began = asyncio.get_running_loop().time()
            self._first = self._latest = times[0]
        highest = np.maximum(np.maximum.accumulate(times), self._latest)
        self._latest = highest[-1]
        due: NDArray[np.float64] = (highest - self._first) / (1_000 * speed)
        return due

    def _elapsed(self) -> float:
        return asyncio.get_running_loop().time() - self._began
