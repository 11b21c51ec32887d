"""How far the devices have come, for those who wait for it."""

import asyncio
from collections.abc import Callable

PATIENCE = 90.0


class Progress:
    """Counts acknowledged batches, and among them those that only the journal had."""

    def __init__(self) -> None:
        self.acknowledged = 0
        self.buffered = 0
        self._changed = asyncio.Event()

    def add(self, batches: int, *, buffered: bool) -> None:
        """So many more are acknowledged."""
        self.acknowledged += batches
        self.buffered += batches if buffered else 0
        self._changed.set()

    async def more(self, batches: int) -> None:
        """Wait until so many more are acknowledged."""
        goal = self.acknowledged + batches
        await self.until(lambda: self.acknowledged >= goal)

    async def more_buffered(self, batches: int) -> None:
        """Wait until so many more are acknowledged by the journal alone."""
        goal = self.buffered + batches
        await self.until(lambda: self.buffered >= goal)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until it holds; looked at with every acknowledgement."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._changed.clear()
                await self._changed.wait()
