"""Readings of several devices that share columns: they stay together on their way into a store."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from iotflow_server.telemetry.batch import Batch, Column, Rejection, Times, rows_of

Rejections = tuple[Rejection, ...]


@dataclass(frozen=True, slots=True)
class MultiDeviceBatch:
    """The same readings as a Batch for each device; a rejection counts the rows of the whole.

    device_ids: distinct. ends: shape (devices,): the row behind the last one of each device; the rows of a device are adjacent.
    times, columns: as of a Batch.
    """

    device_ids: Sequence[int]
    ends: NDArray[np.int64]
    times: Times
    columns: tuple[Column, ...]

    @property
    def firsts(self) -> NDArray[np.int64]:
        """The first row of each device; shape (devices,)."""
        return np.concatenate([np.zeros(1, np.int64), self.ends[:-1]])

    @property
    def size(self) -> int:
        """Approximate size in bytes."""
        return self.times.nbytes + sum(column.size for column in self.columns)

    @property
    def values(self) -> int:
        """Number of values in all columns."""
        return sum(column.present for column in self.columns)

    def part(self, place: int) -> Batch:
        """The readings of one device, as a copy, with the columns that have a value in them."""
        whole = Batch(self.device_ids[place], self.times, self.columns)
        first, end = (int(self.ends[place - 1]) if place else 0), int(self.ends[place])
        return replace(rows_of(whole, first, end), device_id=self.device_ids[place])

    def select(self, places: Sequence[int]) -> "tuple[MultiDeviceBatch, Times]":
        """The batch of some of the devices, in order, and the numbers of its rows."""
        is_chosen = np.zeros(len(self.device_ids), np.bool_)
        is_chosen[places] = True
        counts = np.diff(self.ends, prepend=0)
        rows = np.flatnonzero(np.repeat(is_chosen, counts))
        columns = tuple(part for column in self.columns if (part := column.select(rows)).present)
        ids = [self.device_ids[place] for place in places]
        return MultiDeviceBatch(ids, np.cumsum(counts[is_chosen]), self.times[rows], columns), rows

    def parts(self) -> Iterator[Batch]:
        """The readings of each device."""
        return map(self.part, range(len(self.device_ids)))


AnyBatch = Batch | MultiDeviceBatch


def device_ids_of(batches: Sequence[AnyBatch]) -> Iterator[int]:
    """The devices of all batches, some perhaps repeatedly."""
    for batch in batches:
        if isinstance(batch, Batch):
            yield batch.device_id
        else:
            yield from batch.device_ids


def separated(batches: Sequence[AnyBatch]) -> Sequence[Batch]:
    """The batches of each device, in order."""
    found: list[Batch] = []
    for batch in batches:
        if isinstance(batch, Batch):
            found.append(batch)
        else:
            found += batch.parts()
    return found


def regrouped(batches: Sequence[AnyBatch], rejections: Sequence[Rejections]) -> list[Rejections]:
    """The rejections of the batches. rejections: of their separated parts."""
    following, found = iter(rejections), list[Rejections]()
    for batch in batches:
        if isinstance(batch, Batch):
            found.append(next(following))
        else:
            firsts = batch.firsts.tolist()
            found.append(tuple(one for first in firsts for one in moved(next(following), first)))
    return found


def moved(rejections: Sequence[Rejection], rows: int) -> Sequence[Rejection]:
    """The rejections with their indexes moved by this number of rows."""
    return [replace(item, index=rows + item.index) for item in rejections] if rows else rejections


def rejections_by_part(batch: MultiDeviceBatch, rejections: Sequence[Rejection]) -> dict[int, list[Rejection]]:
    """The rejections of each device that has any, by its place, with the rows of its part."""
    found: dict[int, list[Rejection]] = {}
    firsts = batch.firsts
    for one in rejections:
        place = int(np.searchsorted(batch.ends, one.index, "right"))
        found.setdefault(place, []).append(replace(one, index=one.index - int(firsts[place])))
    return found
