"""Look-ups remembered for a short time, and asked once however many wait for the answer."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Generic, Protocol, TypeVar

# Seconds a key that nobody has is remembered as such.
ABSENCE_TTL = 1.0


class Identified(Protocol):
    @property
    def id(self) -> int: ...


Found = TypeVar("Found", bound=Identified)


class LookupCache(Generic[Found]):
    """What look_up finds for a key, for ttl seconds and at most `size` of them.

    Keys are secrets: they are held only as digests, which also bounds what a long one costs. What is absent is
    remembered apart, so that made-up keys do not drive out real ones.
    """

    def __init__(
        self,
        look_up: Callable[[str], Awaitable[Found | None]],
        ttl: float,
        size: int,
        timer: Callable[[], float],
    ) -> None:
        self._look_up = look_up
        self._ttl = ttl
        self._size = size
        self._timer = timer
        # Oldest first, and so the first to expire first.
        self._present: OrderedDict[bytes, tuple[float, Found]] = OrderedDict()
        self._absent: OrderedDict[bytes, float] = OrderedDict()
        self._digests: dict[int, set[bytes]] = {}
        # The last to be found last.
        self._known: OrderedDict[bytes, None] = OrderedDict()
        self._under_way: dict[bytes, asyncio.Task[Found | None]] = {}
        self._tasks: set[asyncio.Task[Found | None]] = set()

    async def get(self, key: str) -> Found | None:
        """Raises what look_up raises; that is not remembered."""
        digest = sha256(key.encode()).digest()
        now = self._timer()
        present = self._present.get(digest)
        if present is not None and present[0] > now:
            return present[1]
        if self._absent.get(digest, now) > now:
            return None
        # One waiter's cancellation is not the others'.
        return await asyncio.shield(self._under_way.get(digest) or self._start(digest, key))

    def is_known(self, key: str) -> bool:
        """Whether the last look-up of this key found something, however long ago."""
        return sha256(key.encode()).digest() in self._known

    def forget(self, identity: int) -> None:
        """From now on nobody hears of what was known of it until now."""
        for digest in self._digests.pop(identity, ()):
            del self._present[digest]
        # An answer under way may be from before the change: those who wait get it, but it is not remembered.
        self._under_way.clear()

    def forget_all(self) -> None:
        """As forget, of all."""
        for memory in (self._present, self._absent, self._digests, self._under_way):
            memory.clear()

    async def close(self) -> None:
        """Cancel look-ups under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, digest: bytes, key: str) -> asyncio.Task[Found | None]:
        task = asyncio.create_task(self._ask(digest, key))
        self._under_way[digest] = task
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def _ask(self, digest: bytes, key: str) -> Found | None:
        try:
            found = await self._look_up(key)
            if self._under_way.get(digest) is asyncio.current_task():
                self._remember(digest, found)
            return found
        finally:
            if self._under_way.get(digest) is asyncio.current_task():
                del self._under_way[digest]

    def _ended(self, task: asyncio.Task[Found | None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            # Marks a failure as seen where all who waited have gone.
            task.exception()

    def _remember(self, digest: bytes, found: Found | None) -> None:
        now = self._timer()
        self._drop(digest)
        self._known.pop(digest, None)
        if found is None:
            self._absent[digest] = now + ABSENCE_TTL
        else:
            self._present[digest] = (now + self._ttl, found)
            self._digests.setdefault(found.id, set()).add(digest)
            self._known[digest] = None
        if len(self._known) > self._size:
            self._known.popitem(last=False)
        if len(self._absent) > self._size:
            self._absent.popitem(last=False)
        if len(self._present) > self._size:
            self._drop(next(iter(self._present)))

    def _drop(self, digest: bytes) -> None:
        self._absent.pop(digest, None)
        present = self._present.pop(digest, None)
        if present is None:
            return
        identity = present[1].id
        self._digests[identity].discard(digest)
        if not self._digests[identity]:
            del self._digests[identity]
