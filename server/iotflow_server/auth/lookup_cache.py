"""A cache of look-ups, which shares one look-up among all callers that wait for the same key."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Generic, Protocol, TypeVar

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
        self._ttl = ttl
        self._size = size
        self._timer = timer
        # In the order of insertion, which is the order of expiry.
        self._present: OrderedDict[bytes, tuple[float, Found]] = OrderedDict()
        self._absent: OrderedDict[bytes, float] = OrderedDict()
        self._digests: dict[int, set[bytes]] = {}
        # In the order of the last successful look-up.
        self._known: OrderedDict[bytes, None] = OrderedDict()
        self._running: dict[bytes, asyncio.Task[Found | None]] = {}
        self._tasks: set[asyncio.Task[Found | None]] = set()

    async def get(self, key: str) -> Found | None:
        """The result of look_up. Its exceptions are raised and not cached."""
        digest = sha256(key.encode()).digest()
        now = self._timer()
        present = self._present.get(digest)
        if present is not None and present[0] > now:
            return present[1]
        if self._absent.get(digest, now) > now:
            return None
        # The cancellation of one caller must not cancel the look-up of the others.
        return await asyncio.shield(self._running.get(digest) or self._start(digest, key))

    def is_known(self, key: str) -> bool:
        """Whether the last look-up of this key succeeded, regardless of its age."""
        return sha256(key.encode()).digest() in self._known

    def forget(self, identity: int) -> None:
        """Remove the entries of this identity."""
        for digest in self._digests.pop(identity, ()):
            del self._present[digest]
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
