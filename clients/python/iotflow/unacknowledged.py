"""Batches that are sent and not acknowledged."""

import asyncio
import itertools
from collections import deque

from iotflow.v1.telemetry_pb2 import TelemetryBatch


class UnacknowledgedBatches:
    """A queue of batches from send to acknowledgement, at most `window` of them."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._batches: deque[TelemetryBatch] = deque()
        # Number of batches, from the oldest on, that were passed to the current connection.
        self._passed = 0
        # Whether the current connection has acknowledged a batch.
        self._proven = False
        self._last_sequence = 0
        self._room = asyncio.Event()
        self._available = asyncio.Event()
        self._empty = asyncio.Event()
        self._ended = False
        self._update()

    def __len__(self) -> int:
        return len(self._batches)

    @property
    def ended(self) -> bool:
        """Whether end() was called."""
        return self._ended

    async def wait_for_room(self) -> None:
        """Wait until another batch may be added, or until end()."""
        while not self._room.is_set():
            await self._room.wait()

    async def wait_until_empty(self) -> None:
        """Wait until everything is acknowledged, or until end()."""
        await self._empty.wait()

    def add(self, batch: TelemetryBatch) -> None:
        """Append a batch with the next sequence."""
        self._last_sequence += 1
        batch.sequence = self._last_sequence
        self._batches.append(batch)
        self._update()

    async def next(self) -> TelemetryBatch:
        """Wait for the next batch for the current connection. The second batch follows the first acknowledgement."""
        while not self._available.is_set():
            await self._available.wait()
        self._passed += 1
        self._update()
        return self._batches[self._passed - 1]

    def rewind(self) -> None:
        """Pass everything to a new connection."""
        self._passed = 0
        self._proven = False
        self._update()

    def rows(self, sequence: int) -> int:
        """The number of rows up to this sequence."""
        upto = itertools.takewhile(lambda batch: batch.sequence <= sequence, self._batches)
        return sum(len(batch.timestamps) for batch in upto)

    def acknowledge(self, sequence: int) -> None:
        """Remove the batches up to this sequence."""
        while self._passed and self._batches[0].sequence <= sequence:
            self._batches.popleft()
            self._passed -= 1
        self._proven = True
        self._update()

    def end(self) -> None:
        """Release all waiting tasks: no further acknowledgement will come."""
        self._ended = True
        self._update()

    def _update(self) -> None:
        # If the whole window were being written while the server ends the call with an error, gRPC would report the failed
        # write instead of that error.
        allowed = len(self._batches) if self._proven else min(len(self._batches), 1)
        _set(self._room, len(self._batches) < self._window or self._ended)
        _set(self._empty, not self._batches or self._ended)
        _set(self._available, self._passed < allowed)


def _set(event: asyncio.Event, is_so: bool) -> None:
    if is_so:
        event.set()
    else:
        event.clear()
