"""Times for readings that came without one."""

from collections import OrderedDict
from collections.abc import Callable

MOST_DEVICES = 100_000


class ArrivalClock:
    """Gives each reading of a device a time of its own: two that arrive within one millisecond must not overwrite each other."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._last: OrderedDict[int, int] = OrderedDict()

    def stamp(self, device_id: int, readings: int) -> int:
        """The first of `readings` consecutive milliseconds, never given to this device before."""
        first = max(self._now(), self._last.pop(device_id, 0) + 1)
        self._last[device_id] = first + readings - 1
        if len(self._last) > MOST_DEVICES:
            self._last.popitem(last=False)
        return first
