"""LatestValues shared by all server processes."""

import asyncio
import secrets
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import structlog

from iotflow_server.cluster.connection import RedisConnection, Script
from iotflow_server.cluster.latest.entries import (
    FILL,
    INDEX_SECONDS,
    INVALIDATE,
    LOOKUP,
    MOST_BYTES,
    RECORD,
    filled,
    split,
)
from iotflow_server.cluster.latest.fields import decode, encode
from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.batch import Batch
from iotflow_server.telemetry.latest import EMPTY_LOOKUP, CacheLookup, Values
from iotflow_server.telemetry.latest.values import newest_of


class CachedDeviceIndex:
    """The part of the index that this process knows. known: its generation and version. timer: seconds."""

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self.known: tuple[bytes, bytes] = (b"", b"")
        self._until: dict[int, float] = {}

    def update(self, generation: bytes, version: bytes, members: Sequence[bytes]) -> None:
        """Apply the result of RECORD: all members if the generation is new, otherwise the added ones."""
        if generation != self.known[0]:
            self._until = {}
        self.known = (generation, version)
        now = self._timer()
        self._until = {device_id: until for device_id, until in self._until.items() if until > now}
        until = now + INDEX_SECONDS
        self._until |= dict.fromkeys((int(member) for member in members if member.isdigit()), until)

    def indexed(self, device_ids: Collection[int]) -> set[int]:
        """The devices that are in the index."""
        now = self._timer()
        return {device_id for device_id in self._until.keys() & device_ids if self._until[device_id] > now}


# Longest time a call waits for Redis; after a failure only a retry in this interval uses Redis.
PATIENCE_SECONDS, RETRY_SECONDS = 0.25, 0.5
# Bounds one script to a few milliseconds, during which Redis serves no other call.
DEVICES_A_CALL = 1_000
# Attempts to record values while other processes keep adding devices to the index.
TRIES = 10

log = structlog.get_logger(__name__)


class RedisLatestValues:
    """LatestValues in Redis; see entries.py.

    An update by one process is visible to all at once. A process that cannot reach Redis neither reads nor updates it; the
    others may then get values up to LIFE_SECONDS old, counted from before the store was read. Before such a process reads
    again it voids the whole cache, and so does a starting process, because its predecessor may have ended with updates
    pending.

    hits, misses: number of devices that lookups found, and did not find.
    """

    def __init__(self, connection: RedisConnection) -> None:
        self._connection = connection
        self._index = CachedDeviceIndex()
        self._updating = False
        self._reading = False
        self._lost = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.hits = 0
        self.misses = 0

    async def start(self) -> None:
        """Start; Redis may still be unreachable."""
        self._task = asyncio.create_task(self._reconnect_regularly(), name="latest values")

    async def close(self) -> None:
        """Stop reading and updating."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        self._updating = self._reading = False

    async def lookup(self, device_ids: Sequence[int]) -> CacheLookup:
        if not device_ids or not self._reading:
            return EMPTY_LOOKUP
        found: dict[int, Values] = {}
        missing: list[int] = []
        token = secrets.token_bytes(8)
        with self._or_lose():
            for part in _parts(device_ids):
                if self._reading:
                    entries = await self._run(LOOKUP, token, " ".join(map(str, part)))
                    _decode_entries(part, entries, found, missing)
        self.hits += len(found)
        self.misses += len(device_ids) - len(found)
        return CacheLookup(found, missing, token)

    async def fill(self, lookup: CacheLookup, found: Mapping[int, Values]) -> None:
        with self._or_lose():
            for part in _parts(lookup.missing):
                if self._reading:
                    await self._run(FILL, lookup.token, *_fill_arguments(part, found))

    async def record(self, batches: Sequence[Batch]) -> None:
        with self._or_lose():
            for _ in range(TRIES):
                if not self._updating:
                    return
                unknown = await self._run(RECORD, *self._index.known, *self._updates(batches))
                if unknown is None:
                    return
                self._index.update(*unknown)
            raise Unavailable("LATEST_VALUES_BUSY", "The cache of newest values is busy; it is read again later.")

    async def invalidate(self, device_ids: Sequence[int] | None) -> None:
        with self._or_lose(), self._or_void():
            if self._updating:
                for part in [[]] if device_ids is None else _parts(device_ids):
                    await self._run(INVALIDATE, *part)

    def _updates(self, batches: Sequence[Batch]) -> Iterator[int | bytes]:
        """Id and values of each indexed device."""
        watched = self._index.indexed({batch.device_id for batch in batches})
        for device_id, newest in newest_of(batch for batch in batches if batch.device_id in watched).items():
            if newest != {}:
                yield device_id
                yield (encode(newest.values()) if newest else None) or b""

    async def _run(self, script: Script, *arguments: Any) -> Any:
        return await self._connection.run(script.call(*arguments), seconds=PATIENCE_SECONDS)

    @contextmanager
    def _or_lose(self) -> Iterator[None]:
        try:
            yield
        except Unavailable:
            self._lose()
        except Exception:
            # Storing must not fail because of the cache.
            log.exception("latest_values_failed")
            self._lose()

    @contextmanager
    def _or_void(self) -> Iterator[None]:
        """An interrupted call, even a cancelled one, may leave the other processes with old values."""
        try:
            yield
        except BaseException:
            self._lose()
            raise

    def _lose(self) -> None:
        self._updating = self._reading = False
        self._lost.set()

    async def _reconnect_regularly(self) -> None:
        while True:
            with self._or_lose():
                await self._connect()
                await self._lost.wait()
            await asyncio.sleep(RETRY_SECONDS)

    async def _connect(self) -> None:
        await self._connection.check()
        self._lost.clear()
        # First all writes from here on update the cache, then everything cached before is voided.
        self._updating = True
        with self._or_void():
            await self._run(INVALIDATE)
        self._reading = self._updating


def _parts(device_ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for first in range(0, len(device_ids), DEVICES_A_CALL):
        yield device_ids[first : first + DEVICES_A_CALL]


def _decode_entries(device_ids: Sequence[int], answer: bytes, found: dict[int, Values], missing: list[int]) -> None:
    """Add the entries of a lookup to found and missing."""
    for device_id, entry in zip(device_ids, split(answer), strict=True):
        if not entry:
            missing.append(device_id)
        elif (fields := filled(entry)) is not None:
            found[device_id] = decode(fields)


def _fill_arguments(device_ids: Sequence[int], found: Mapping[int, Values]) -> Iterator[int | bytes]:
    for device_id in device_ids:
        fields = encode(found.get(device_id, ()))
        yield device_id
        yield b"x" if fields is None or len(fields) > MOST_BYTES else b"f" + fields
