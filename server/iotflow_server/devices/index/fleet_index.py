"""The index of the fleet: its segments, and the searches over them. One thread uses it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from iotflow_server.devices.index.name_column import Mask
from iotflow_server.devices.index.segment import SIZE, Segment

# Id, status, device_type, folded_name.
IndexedRow = tuple[int, str, str, str]


@dataclass(frozen=True, slots=True)
class IndexQuery:
    """All given conditions must hold; see DeviceFilter. online: None: both online and offline devices."""

    status: str = ""
    device_type: str = ""
    folded_name: str = ""
    online: bool | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """The number of matching devices, and the ids of the requested ones in ascending order."""

    total: int
    ids: Sequence[int]


class _Codes:
    """Numbers from 1 in place of words."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    def code(self, word: str) -> int:
        """The code of the word, which gets one if it has none."""
        return self._codes.setdefault(word, len(self._codes) + 1)

    def find(self, word: str) -> int | None:
        """The code of the word, if it has one."""
        return self._codes.get(word)

    def words(self) -> Sequence[str]:
        """The words in the order of their codes, after an empty word for the code 0."""
        return ["", *self._codes]


class FleetIndex:
    """A million devices take about 45 MB."""

    def __init__(self) -> None:
        self._segments: dict[int, Segment] = {}
        self._statuses = _Codes()
        self._types = _Codes()

    def put(self, rows: Iterable[IndexedRow]) -> None:
        """Add or replace devices."""
        status_code, type_code = self._statuses.code, self._types.code
        for number, devices in groupby(rows, lambda row: row[0] // SIZE):
            if number not in self._segments:
                self._segments[number] = Segment(number * SIZE)
                self._segments = dict(sorted(self._segments.items()))
            ids, statuses, types, folded_names = zip(*devices, strict=True)
            self._segments[number].put(ids, [*map(status_code, statuses)], [*map(type_code, types)], folded_names)

    def remove(self, ids: Iterable[int]) -> None:
        """Remove the devices that the index has."""
        for device_id in ids:
            if segment := self._segments.get(device_id // SIZE):
                segment.remove(device_id)

    def set_online(self, states: Mapping[int, bool]) -> None:
        """Set which devices are online. Ids without a device are ignored."""
        for device_id, is_online in states.items():
            if segment := self._segments.get(device_id // SIZE):
                segment.online[device_id - segment.first] = is_online

    def search(self, query: IndexQuery, after_id: int, size: int) -> Selection:
        """The number of matching devices, and the first `size` of their ids above after_id."""
        conditions = self._conditions(query)
        total, ids = 0, list[int]()
        for segment in self._segments.values() if conditions is not None else ():
            mask = _matching(segment, query, *conditions) if conditions else segment.present()
            total += int(np.count_nonzero(mask))
            if len(ids) < size and after_id < segment.first + SIZE - 1:
                places = np.flatnonzero(mask)
                found = places[places > after_id - segment.first][: size - len(ids)]
                ids += (found + segment.first).tolist()
        return Selection(total, ids)

    def slice(self, start: int, size: int) -> Selection:
        """The number of devices, and `size` of their ids after the first `start`."""
        total, ids = 0, list[int]()
        for segment in self._segments.values():
            places = np.flatnonzero(segment.present())
            first = max(start - total, 0)
            total += len(places)
            ids += (places[first : first + size - len(ids)] + segment.first).tolist()
        return Selection(total, ids)

    def by_status(self) -> dict[str, int]:
        """The number of devices by status."""
        words = self._statuses.words()
        counts = np.zeros(len(words), np.int64)
        for segment in self._segments.values():
            counts += np.bincount(segment.status, minlength=len(words))
        return {word: int(count) for word, count in zip(words[1:], counts[1:], strict=True) if count}

    def by_type(self) -> dict[str, int]:
        """The number of devices by type."""
        words = self._types.words()
        counts = np.zeros(len(words), np.int64)
        for segment in self._segments.values():
            counts += np.bincount(segment.device_type[segment.present()], minlength=len(words))
        return {word: int(count) for word, count in zip(words[1:], counts[1:], strict=True) if count}

    def online(self) -> int:
        """The number of devices that are online."""
        return sum(int(np.count_nonzero(segment.online & segment.present())) for segment in self._segments.values())

    def _conditions(self, query: IndexQuery) -> tuple[int, int] | None:
        """The codes of status and type, 0 for any; None: no device has one of them."""
        status = self._statuses.find(query.status) if query.status else 0
        device_type = self._types.find(query.device_type) if query.device_type else 0
        return None if status is None or device_type is None else (status, device_type)


def _matching(segment: Segment, query: IndexQuery, status: int, device_type: int) -> Mask:
    mask = segment.status == status if status else segment.present()
    if device_type:
        mask &= segment.device_type == device_type
    if query.online is not None:
        mask &= segment.online if query.online else ~segment.online
    # The names take the longest, and are not examined where nothing else matches.
    return mask & segment.named(query.folded_name) if query.folded_name and mask.any() else mask
