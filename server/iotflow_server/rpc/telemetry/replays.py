"""How many live streams of one caller are sent what was stored before, at a time."""

import asyncio
from weakref import WeakValueDictionary

MOST = 4


class Replays:
    """MOST of each caller, however many streams it opens; its others wait."""

    def __init__(self) -> None:
        # Kept by those who hold or await one.
        self._by_caller: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    def of(self, caller: str) -> asyncio.Semaphore:
        """Held by each stream while it is sent what was stored."""
        return self._by_caller.setdefault(caller, asyncio.Semaphore(MOST))


async def is_free(replays: asyncio.Semaphore, within: float) -> bool:
    """Whether one could be taken within so many seconds; it is to be released."""
    try:
        async with asyncio.timeout(within):
            return await replays.acquire()
    except TimeoutError:
        return False
