"""A device that uses the Python client, which resends by itself."""

import asyncio
from collections import deque

from iotflow.writer import TelemetryWriter
from tests.faults.ledger import Ledger
from tests.faults.progress import Progress
from tests.faults.readings import Piece, Source
from tests.faults.sender import set_within


class Writer:
    """Sends a batch every `rhythm` seconds until it is stopped, and then waits until all are acknowledged."""

    def __init__(self, target: str, api_key: str, source: Source, ledger: Ledger, progress: Progress) -> None:
        self.ledger = ledger
        self.rhythm = 0.04
        self._target = target
        self._api_key = api_key
        self._source = source
        self._progress = progress
        self._unacknowledged: deque[Piece] = deque()

    async def run(self, stop: asyncio.Event) -> None:
        """Send until stopped, and wait until all batches are acknowledged."""
        async with TelemetryWriter(
            self._target, api_key=self._api_key, window=16, on_acknowledged=self._note
        ) as writer:
            while not await set_within(stop, self.rhythm):
                piece = self._source.next()
                self.ledger.sent(piece)
                self._unacknowledged.append(piece)
                await writer.send(piece.encoded())
        assert not self._unacknowledged

    def _note(self, rows: int) -> None:
        while rows:
            piece = self._unacknowledged.popleft()
            rows -= len(piece.times)
            self.ledger.acknowledged([piece.number])
            self._progress.add(1, buffered=False)
