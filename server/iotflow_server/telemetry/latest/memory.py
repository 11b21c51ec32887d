"""The cache of newest values for a single process."""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from iotflow_server.telemetry.batch import Batch
from iotflow_server.telemetry.latest.values import LIFE_SECONDS, CacheLookup, Newest, Values, merged, newest_of

MOST_DEVICES = 100_000
_NO_TOKEN = b""


@dataclass(slots=True)
class _Entry:
    """until: expiry, by the timer. token: of the lookup that may fill the entry. values: None until it is filled."""

    until: float
    token: bytes
    values: Newest | None = None

    @property
    def is_invalidated(self) -> bool:
        """Whether the device must not be cached until the entry expires."""
        return self.values is None and self.token == _NO_TOKEN


class MemoryLatestValues:
    """LatestValues in memory. most: number of devices; beyond it the oldest entries are removed. timer: seconds."""

    def __init__(self, most: int = MOST_DEVICES, timer: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._timer = timer
        self._tokens = count(1)
        # In the order of expiry.
        self._entries: OrderedDict[int, _Entry] = OrderedDict()

    async def lookup(self, device_ids: Sequence[int]) -> CacheLookup:
        self._drop_old()
        token = b"%d" % next(self._tokens)
        found: dict[int, Values] = {}
        missing: list[int] = []
        for device_id in device_ids:
            entry = self._entries.get(device_id)
            if entry is None:
                self._put(device_id, token)
                missing.append(device_id)
            elif entry.values is not None:
                found[device_id] = tuple(entry.values.values())
        return CacheLookup(found, missing, token)

    async def fill(self, lookup: CacheLookup, found: Mapping[int, Values]) -> None:
        for device_id in lookup.missing:
            entry = self._entries.get(device_id)
            if entry is not None and entry.token == lookup.token and entry.values is None:
                entry.values = {latest.column.measurement: latest for latest in found.get(device_id, ())}

    async def record(self, batches: Sequence[Batch]) -> None:
        known = [batch for batch in batches if batch.device_id in self._entries]
        for device_id, update in newest_of(known).items():
            entry = self._entries[device_id]
            if not entry.is_invalidated:
                entry.values = None if update is None or entry.values is None else merged(entry.values, update)
                if entry.values is None:
                    del self._entries[device_id]

    async def invalidate(self, device_ids: Sequence[int] | None) -> None:
        if device_ids is None:
            self._entries.clear()
        else:
            for device_id in device_ids:
                self._put(device_id, _NO_TOKEN)

    def _put(self, device_id: int, token: bytes) -> None:
        self._entries[device_id] = _Entry(self._timer() + LIFE_SECONDS, token)
        self._entries.move_to_end(device_id)
        if len(self._entries) > self._most:
            self._entries.popitem(last=False)

    def _drop_old(self) -> None:
        now = self._timer()
        while self._entries and next(iter(self._entries.values())).until <= now:
            self._entries.popitem(last=False)
