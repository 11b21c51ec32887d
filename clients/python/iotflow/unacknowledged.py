"""What is not acknowledged yet."""

import asyncio
import itertools
from collections import deque

from iotflow.v1.telemetry_pb2 import TelemetryBatch


class Unacknowledged:
    """Batches from their sending to their acknowledgement, in order; at most `window` of them."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._batches: deque[TelemetryBatch] = deque()
        # How many of them, from the oldest on, the connection of now has been given.
        self._given = 0
        # Whether that connection has acknowledged anything.
        self._proven = False
        self._last_sequence = 0
        self._room = asyncio.Event()
        self._news = asyncio.Event()
        self._empty = asyncio.Event()
        self._ended = False
        self._tell()

    def __len__(self) -> int:
        return len(self._batches)

    @property
    def ended(self) -> bool:
        """Whether end() was called."""
        return self._ended

    async def room(self) -> None:
        """Wait until another batch may be added, or the end."""
        while not self._room.is_set():
            await self._room.wait()

    async def emptied(self) -> None:
        """Wait until everything is acknowledged, or the end."""
        await self._empty.wait()

    def add(self, batch: TelemetryBatch) -> None:
        """Take a batch in under the next sequence."""
        self._last_sequence += 1
        batch.sequence = self._last_sequence
        self._batches.append(batch)
        self._tell()

    async def next(self) -> TelemetryBatch:
        """The next batch for the connection of now, waiting for one; the second comes after an acknowledgement."""
        while not self._news.is_set():
            await self._news.wait()
        self._given += 1
        self._tell()
        return self._batches[self._given - 1]

    def rewind(self) -> None:
        """A new connection is given everything again."""
        self._given = 0
        self._proven = False
        self._tell()

    def rows(self, sequence: int) -> int:
        """How many rows there are up to this sequence."""
        upto = itertools.takewhile(lambda batch: batch.sequence <= sequence, self._batches)
        return sum(len(batch.timestamps) for batch in upto)

    def acknowledge(self, sequence: int) -> None:
        """Let go of everything up to this sequence."""
        while self._given and self._batches[0].sequence <= sequence:
            self._batches.popleft()
            self._given -= 1
        self._proven = True
        self._tell()

    def end(self) -> None:
        """Nobody will acknowledge any more: whoever waits goes on."""
        self._ended = True
        self._tell()

    def _tell(self) -> None:
        # A server that refuses at once must not find the whole window on its way: gRPC would report the failed writing of
        # it in place of the refusal.
        may_have = len(self._batches) if self._proven else min(len(self._batches), 1)
        _set(self._room, len(self._batches) < self._window or self._ended)
        _set(self._empty, not self._batches or self._ended)
        _set(self._news, self._given < may_have)


def _set(event: asyncio.Event, is_so: bool) -> None:
    if is_so:
        event.set()
    else:
        event.clear()
