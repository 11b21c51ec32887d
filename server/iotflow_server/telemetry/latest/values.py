"""The port to the cache of newest values, whose docstrings are the contract, and the newest values of written batches."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from iotflow_server.telemetry.batch import Batch, Column, Mask, Times
from iotflow_server.telemetry.ports import Latest

# The newest value of each measurement of a device, by name.
Values = tuple[Latest, ...]

# Lifetime of a cached device, counted from before its values were read from the store.
LIFE_SECONDS = 10.0

Newest = dict[str, Latest]


@dataclass(frozen=True, slots=True)
class CacheLookup:
    """Result of a lookup. found: cached values by device; empty: the device has no readings. missing: devices that the caller
    should read from the store after the lookup, and put into the cache by fill(), which checks the token. All other devices
    are not cached and must not be filled."""

    found: Mapping[int, Values] = field(default_factory=dict)
    missing: Sequence[int] = ()
    token: bytes = b""


EMPTY_LOOKUP = CacheLookup()


class LatestValues(Protocol):
    """Never returns values that differ from those of the store at some moment of the lookup. Writers and deleters update the
    cache before they acknowledge; readers look values up before they read the store, so that a concurrent change voids the
    values they read.

    Values expire LIFE_SECONDS after the lookup that led to them, so that values hidden by a retention rule disappear. No
    method raises, and each returns within a bounded time.
    """

    async def lookup(self, device_ids: Sequence[int]) -> CacheLookup:
        """Look up devices, each given once."""

    async def fill(self, lookup: CacheLookup, found: Mapping[int, Values]) -> None:
        """Cache the stored values of lookup.missing; devices absent from found have no readings. Devices that were written,
        deleted or invalidated since the lookup are left out."""

    async def record(self, batches: Sequence[Batch]) -> None:
        """Update cached devices with stored batches, in the order of storing: newer times replace older ones.

        Removes a device whose newest values depend on the store: it has a new measurement, a value of another type, or
        another value at the same time (only the store knows which writer was later). If a call is cancelled, its devices must
        be invalidated.
        """

    async def invalidate(self, device_ids: Sequence[int] | None) -> None:
        """Remove devices, None: all, whose values have changed in an unknown way. The given devices are not cached for
        LIFE_SECONDS, so that earlier writes that are recorded late cannot restore old values."""


def newest_of(batches: Iterable[Batch]) -> dict[int, Newest | None]:
    """By device, of batches in the order of storing; None if only the store knows, because values have different types."""
    found: dict[int, Newest | None] = {}
    for batch in batches:
        update = _newest(batch)
        if batch.device_id in found:
            before = found[batch.device_id]
            update = None if before is None or update is None else _behind(before, update)
        found[batch.device_id] = update
    return found


def _newest(batch: Batch) -> Newest | None:
    newest: Newest = {}
    row = _last_of_newest(batch.times)
    for column in batch.columns:
        if column.measurement in newest:
            return None
        index = row if column.valid is None else _last_valid(batch.times, column.valid)
        if index is not None:
            newest[column.measurement] = Latest(int(batch.times[index]), _cell(column, index))
    return newest


def _last_valid(times: Times, valid: Mask) -> int | None:
    rows = np.flatnonzero(valid)
    return int(rows[_last_of_newest(times[rows])]) if len(rows) else None


def _cell(column: Column, index: int) -> Column:
    if len(column.values) == 1:
        return column
    return Column(column.measurement, column.type, column.values[index : index + 1])


def _last_of_newest(times: Times) -> int:
    """The last of the rows with the newest time."""
    return len(times) - 1 - int(np.argmax(times[::-1])) if len(times) > 1 else 0


def _behind(before: Newest, after: Newest) -> Newest | None:
    result = dict(before)
    for name, new in after.items():
        old = before.get(name)
        if old is not None and old.column.type is not new.column.type:
            return None
        if old is None or new.time >= old.time:
            result[name] = new
    return result
