"""A cache of look-ups, which shares one look-up among all callers that wait for the same key."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Generic, Protocol, TypeVar

from cachetools import LRUCache, TTLCache

# Seconds for which an unknown key is cached.
ABSENCE_TTL = 1.0


class Identified(Protocol):
    @property
    def id(self) -> int: ...


Found = TypeVar("Found", bound=Identified)


class LookupCache(Generic[Found]):
    """Caches the results of look_up for ttl seconds, at most `size` of them.

    Keys are secrets. They are kept only as digests, which also bounds the size of a long key. Unknown keys have a cache of
    their own, so that they do not evict valid ones.
    """

    def __init__(
        self,
        look_up: Callable[[str], Awaitable[Found | None]],
        ttl: float,
        size: int,
        timer: Callable[[], float],
    ) -> None:
        self._look_up = look_up
        self._present: TTLCache[bytes, Found] = TTLCache(size, ttl, timer)
        self._absent: TTLCache[bytes, None] = TTLCache(size, ABSENCE_TTL, timer)
        # The digests of each identity; an entry expires after those of _present that it names.
        self._digests: TTLCache[int, set[bytes]] = TTLCache(math.inf, ttl, timer)
        # By the last successful look-up.
        self._known: LRUCache[bytes, None] = LRUCache(size)
        self._running: dict[bytes, asyncio.Task[Found | None]] = {}
        self._tasks: set[asyncio.Task[Found | None]] = set()

    async def get(self, key: str) -> Found | None:
        """The result of look_up. Its exceptions are raised and not cached."""
        digest = sha256(key.encode()).digest()
        try:
            return self._present[digest]
        except KeyError:
            if digest in self._absent:
                return None
        # The cancellation of one caller must not cancel the look-up of the others.
        return await asyncio.shield(self._running.get(digest) or self._start(digest, key))

    def is_known(self, key: str) -> bool:
        """Whether the last look-up of this key succeeded, regardless of its age."""
        return sha256(key.encode()).digest() in self._known

    def forget(self, identity: int) -> None:
        """Remove the entries of this identity."""
        for digest in self._digests.pop(identity, ()):
            self._present.pop(digest, None)
        # A running look-up may return the state before the change. Its callers get the result, but it is not cached.
        self._running.clear()

    def forget_all(self) -> None:
        """Clear the cache."""
        for memory in (self._present, self._absent, self._digests, self._running):
            memory.clear()

    async def close(self) -> None:
        """Cancel running look-ups."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, digest: bytes, key: str) -> asyncio.Task[Found | None]:
        task = asyncio.create_task(self._ask(digest, key))
        self._running[digest] = task
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def _ask(self, digest: bytes, key: str) -> Found | None:
        try:
            found = await self._look_up(key)
            if self._running.get(digest) is asyncio.current_task():
                self._remember(digest, found)
            return found
        finally:
            if self._running.get(digest) is asyncio.current_task():
                del self._running[digest]

    def _ended(self, task: asyncio.Task[Found | None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            # Retrieves the exception, in case all callers were cancelled.
            task.exception()

    def _remember(self, digest: bytes, found: Found | None) -> None:
        if found is None:
            self._absent[digest] = None
            self._known.pop(digest, None)
        else:
            self._present[digest] = found
            self._digests[found.id] = {*self._digests.get(found.id, ()), digest}
            self._known[digest] = None
