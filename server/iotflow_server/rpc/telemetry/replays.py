"""Limit of concurrent replays: live streams of one caller that receive stored readings first."""

import asyncio
from weakref import WeakValueDictionary

MOST = 4


class Replays:
    """Allows MOST replays of each caller. Further streams of the caller wait."""

    def __init__(self) -> None:
        # An entry exists as long as a stream of the caller refers to it.
        self._by_caller: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    def of(self, caller: str) -> asyncio.Semaphore:
        """The semaphore of this caller. A stream holds it during its replay."""
        return self._by_caller.setdefault(caller, asyncio.Semaphore(MOST))


async def try_acquire(replays: asyncio.Semaphore, within: float) -> bool:
    """Acquire the semaphore within this number of seconds. Returns whether it was acquired; the caller must then release it."""
    try:
        async with asyncio.timeout(within):
            return await replays.acquire()
    except TimeoutError:
        return False
