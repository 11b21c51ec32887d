"""The filterable columns of the devices of one range of ids."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from iotflow_server.devices.index.name_column import Mask, NameColumn

# Ids of a segment. Each change of a name makes the segment's names anew, and each search runs over every segment.
SIZE = 8_192
# Results of searches for a part of the name that a segment keeps.
MOST_SEARCHES = 4
# The code of an id without a device.
ABSENT = 0


class Segment:
    """The devices with ids from first to before first + SIZE. One thread uses it."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.status: NDArray[np.uint8] = np.full(SIZE, ABSENT, np.uint8)
        self.device_type: NDArray[np.int32] = np.zeros(SIZE, np.int32)
        self.online: Mask = np.zeros(SIZE, np.bool_)
        self._names = NameColumn([""] * SIZE)
        # Names that the column does not have yet.
        self._changed: dict[int, str] = {}
        # The last searches, because a caller asks for one page after the other.
        self._found: dict[str, Mask] = {}

    def put(
        self, ids: Sequence[int], statuses: Sequence[int], types: Sequence[int], folded_names: Sequence[str]
    ) -> None:
        """Add or replace devices. statuses, types: codes of the words. folded_names: see DeviceRow."""
        places = [device_id - self.first for device_id in ids]
        self.status[places], self.device_type[places] = statuses, types
        self._changed.update(zip(places, folded_names, strict=True))

    def remove(self, device_id: int) -> None:
        """Remove a device, if the segment has it."""
        place = device_id - self.first
        self.status[place], self.online[place] = ABSENT, False

    def present(self) -> Mask:
        """Which places have a device."""
        found: Mask = self.status != ABSENT
        return found

    def named(self, part: str) -> Mask:
        """Which places have a name that contains this text."""
        if self._changed:
            names = self._names.to_list()
            for place, name in self._changed.items():
                names[place] = name
            self._names, self._changed = NameColumn(names), {}
            self._found.clear()
        found = self._found.get(part)
        if found is None:
            if len(self._found) == MOST_SEARCHES:
                self._found.pop(next(iter(self._found)))
            found = self._found[part] = self._names.containing(part)
        return found
