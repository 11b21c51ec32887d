"""Slots for concurrent calls, shared fairly between callers."""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Callable


class FairSlots:
    """Allows `slots` concurrent calls, up to `most(caller)` of one caller; callers take turns if calls wait."""

    def __init__(self, slots: int, most: Callable[[str], int]) -> None:
        self._free = slots
        self._most = most
        self._held: Counter[str] = Counter()
        # The next caller first.
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    async def acquire(self, caller: str) -> None:
        """Acquire a slot, waiting for the caller's turn; it must be released in any case."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(caller, deque()).append(turn)
        self._hand_out()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.release(caller)
            raise

    def release(self, caller: str) -> None:
        """Release a slot."""
        self._free += 1
        self._held[caller] -= 1
        if not self._held[caller]:
            del self._held[caller]
        self._hand_out()

    def _hand_out(self) -> None:
        while self._free and (caller := self._next()) is not None:
            turns = self._waiting[caller]
            turn = turns.popleft()
            if not turn.done():
                self._free -= 1
                self._held[caller] += 1
                turn.set_result(None)
            if turns:
                self._waiting.move_to_end(caller)
            else:
                del self._waiting[caller]

    def _next(self) -> str | None:
        return next((caller for caller in self._waiting if self._held[caller] < self._most(caller)), None)
