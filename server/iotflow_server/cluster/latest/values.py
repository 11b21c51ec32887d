"""LatestValues that all server processes share."""

import asyncio
import secrets
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import structlog

from iotflow_server.cluster.connection import RedisConnection, Script
from iotflow_server.cluster.latest.entries import ASK, FILL, FORGET, MOST_BYTES, NOTE, ROLL_SECONDS, filled, split
from iotflow_server.cluster.latest.fields import decode, encode
from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.batch import Batch
from iotflow_server.telemetry.latest import NOTHING, Asked, Values
from iotflow_server.telemetry.latest.newest import newest_of


class CachedDeviceIndex:
    """known: generation and version, as Redis told them."""

    def __init__(self) -> None:
        self.known: tuple[bytes, bytes] = (b"", b"")
        self._until: dict[int, float] = {}

    def learn(self, generation: bytes, version: bytes, members: Sequence[bytes]) -> None:
        """What NOTE answers: all members where the generation is new, otherwise those that were added."""
        if generation != self.known[0]:
            self._until = {}
        self.known = (generation, version)
        now = time.monotonic()
        self._until = {device_id: until for device_id, until in self._until.items() if until > now}
        until = now + ROLL_SECONDS
        self._until |= dict.fromkeys((int(member) for member in members if member.isdigit()), until)

    def among(self, device_ids: Collection[int]) -> set[int]:
        """Those of them that are on the roll."""
        if not self._until:
            return set()
        now = time.monotonic()
        return {device_id for device_id in device_ids if self._until.get(device_id, 0.0) > now}


# What a call waits for Redis at the most, once: then Redis is left alone but for one try in a while.
PATIENCE_SECONDS, RETRY_SECONDS = 0.25, 0.5
# Redis works so long for others that all together may wait a few milliseconds.
DEVICES_A_CALL = 1_000
# Each time somebody may have begun to ask about other devices, but not for ever.
TRIES = 10

log = structlog.get_logger(__name__)


class RedisLatestValues:
    """LatestValues in Redis, the same for all processes; see entries.py.

    What one process has noted or forgotten, all know at once. While a process does not reach Redis it neither asks nor
    tells; the others, as far as they do reach it, may then be told values that are LIFE_SECONDS old, counted from before
    the store was read, and never older ones. Before it asks again it makes void all that was remembered; so it does at its
    start, for the one before it may have died with something to tell.

    hits, misses: devices that were asked about and whose values were known, or were not.
    """

    def __init__(self, connection: RedisConnection) -> None:
        self._connection = connection
        self._roll = CachedDeviceIndex()
        self._telling = False
        self._asking = False
        self._lost = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None
        self.hits = 0
        self.misses = 0

    async def start(self) -> None:
        """Redis need not be there yet."""
        self._keeping = asyncio.create_task(self._keep(), name="latest values")

    async def close(self) -> None:
        """Nothing is asked or told any more."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.wait([self._keeping])
        self._telling = self._asking = False

    async def ask(self, device_ids: Sequence[int]) -> Asked:
        if not device_ids or not self._asking:
            return NOTHING
        found: dict[int, Values] = {}
        vacant: list[int] = []
        token = secrets.token_bytes(8)
        with self._or_lose():
            for part in _parts(device_ids):
                if self._asking:
                    entries = await self._run(ASK, token, " ".join(map(str, part)))
                    _sort(part, entries, found, vacant)
        self.hits += len(found)
        self.misses += len(device_ids) - len(found)
        return Asked(found, vacant, token)

    async def fill(self, asked: Asked, found: Mapping[int, Values]) -> None:
        with self._or_lose():
            for part in _parts(asked.vacant):
                if self._asking:
                    await self._run(FILL, asked.token, *_filling(part, found))

    async def note(self, batches: Sequence[Batch]) -> None:
        with self._or_lose():
            for _ in range(TRIES):
                if not self._telling:
                    return
                news = await self._run(NOTE, *self._roll.known, *self._news(batches))
                if news is None:
                    return
                self._roll.learn(*news)
            raise Unavailable("LATEST_VALUES_BUSY", "too many devices are asked about for the first time")

    async def forget(self, device_ids: Sequence[int] | None) -> None:
        with self._or_lose(), self._told():
            if self._telling:
                for part in [[]] if device_ids is None else _parts(device_ids):
                    await self._run(FORGET, *part)

    def _news(self, batches: Sequence[Batch]) -> Iterator[int | bytes]:
        """Of devices on the roll: id and values."""
        watched = self._roll.among({batch.device_id for batch in batches})
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
            # Whoever stores must not fail over those who ask.
            log.exception("latest values failed")
            self._lose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Of what is ended before its time, be it by a cancellation, the others may not know."""
        try:
            yield
        except BaseException:
            self._lose()
            raise

    def _lose(self) -> None:
        self._telling = self._asking = False
        self._lost.set()

    async def _keep(self) -> None:
        while True:
            with suppress(Unavailable):
                await self._return()
                await self._lost.wait()
            await asyncio.sleep(RETRY_SECONDS)

    async def _return(self) -> None:
        await self._connection.check()
        self._lost.clear()
        # First the others are told of all that is written from here on, then what they were not told of is made void.
        self._telling = True
        with self._told():
            await self._run(FORGET)
        self._asking = self._telling


def _parts(device_ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for first in range(0, len(device_ids), DEVICES_A_CALL):
        yield device_ids[first : first + DEVICES_A_CALL]


def _sort(device_ids: Sequence[int], answer: bytes, found: dict[int, Values], vacant: list[int]) -> None:
    """Add what Redis answered."""
    for device_id, entry in zip(device_ids, split(answer), strict=True):
        if not entry:
            vacant.append(device_id)
        elif (fields := filled(entry)) is not None:
            found[device_id] = decode(fields)


def _filling(device_ids: Sequence[int], found: Mapping[int, Values]) -> Iterator[int | bytes]:
    for device_id in device_ids:
        fields = encode(found.get(device_id, ()))
        yield device_id
        yield b"x" if fields is None or len(fields) > MOST_BYTES else b"f" + fields
