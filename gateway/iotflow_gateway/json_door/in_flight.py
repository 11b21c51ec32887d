"""Bounds of the messages that are not answered. At a bound, a connection is not read, and its client waits."""

import asyncio
from collections import deque

from iotflow_gateway.json_door.limits import MOST_BYTES_IN_FLIGHT, MOST_IN_FLIGHT


class ByteBudget:
    """Bytes that may be in use at a time, given out in the order of the requests. A request above the limit waits for all others."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._used = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def acquire(self, size: int) -> None:
        """Wait until there is room."""
        if not self._waiting and self._has_room(size):
            self._used += size
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((size, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release(size)
            raise

    def release(self, size: int) -> None:
        """Give back what was acquired."""
        self._used -= size
        while self._waiting and (self._waiting[0][1].cancelled() or self._has_room(self._waiting[0][0])):
            needed, turn = self._waiting.popleft()
            if not turn.cancelled():
                self._used += needed
                turn.set_result(None)

    def _has_room(self, size: int) -> bool:
        return not self._used or self._used + size <= self._limit


class InFlight:
    """The messages of one connection that are not answered. of_all: the budget of all connections."""

    def __init__(self, of_all: ByteBudget) -> None:
        self._slots = asyncio.Semaphore(MOST_IN_FLIGHT)
        self._budgets = (ByteBudget(MOST_BYTES_IN_FLIGHT), of_all)

    async def acquire(self, size: int) -> None:
        """Wait for room for a message of this size."""
        await self._slots.acquire()
        own, of_all = self._budgets
        await own.acquire(size)
        await of_all.acquire(size)

    def release(self, size: int) -> None:
        """Record that a message is answered."""
        for budget in self._budgets:
            budget.release(size)
        self._slots.release()
