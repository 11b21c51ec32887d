"""Questions that a store answers at a time, shared fairly between callers."""

import asyncio
from collections import Counter, OrderedDict, deque

# So many slots a caller gets: others find one free whatever it asks, and the event loop its turn among the threads that read.
MOST_OF_A_CALLER = 2


class FairSlots:
    """`slots` calls at a time, of one caller at most MOST_OF_A_CALLER; where calls wait, callers take turns."""

    def __init__(self, slots: int) -> None:
        self._free = slots
        self._held: Counter[str] = Counter()
        # The caller whose turn is next first.
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    async def take(self, caller: str) -> None:
        """A slot, waiting until it is the caller's turn; to be given back, whatever happens."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(caller, deque()).append(turn)
        self._hand_out()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give_back(caller)
            raise

    def give_back(self, caller: str) -> None:
        """The caller needs its slot no more."""
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
        return next((caller for caller in self._waiting if self._held[caller] < MOST_OF_A_CALLER), None)
