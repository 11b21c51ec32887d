"""The progress of the devices, as numbers of acknowledged batches."""

import asyncio
from collections.abc import Callable

PATIENCE = 90.0


class Progress:
    """Counts acknowledged batches, and those of them that were in the journal only."""

    def __init__(self) -> None:
        self.acknowledged = 0
        self.buffered = 0
        self._changed = asyncio.Event()

    def add(self, batches: int, *, buffered: bool) -> None:
        """Count further acknowledged batches."""
        self.acknowledged += batches
        self.buffered += batches if buffered else 0
        self._changed.set()

    async def more(self, batches: int) -> None:
        """Wait for this number of further acknowledged batches."""
        goal = self.acknowledged + batches
        await self.until(lambda: self.acknowledged >= goal)

    async def more_buffered(self, batches: int) -> None:
        """Wait for this number of further batches that are in the journal only."""
        goal = self.buffered + batches
        await self.until(lambda: self.buffered >= goal)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds, which is checked with every acknowledgement."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._changed.clear()
                await self._changed.wait()
