"""Which devices somebody keeps asking about."""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

MOST_DEVICES = 100_000
# Whoever shows a device to somebody asks more often than that.
HABIT_SECONDS = 60.0


class HotDevices:
    """Notes who is asked about: to remember the values of a device that is asked about once would be a waste, and every
    reading that it stores meanwhile would have to pay for it. timer: seconds."""

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._asked: OrderedDict[int, float] = OrderedDict()

    def note(self, device_ids: Sequence[int]) -> list[int]:
        """These are asked about; answers those that were not long ago, too, each once."""
        now = self._timer()
        regular = []
        for device_id in dict.fromkeys(device_ids):
            if now - self._asked.get(device_id, -HABIT_SECONDS) < HABIT_SECONDS:
                regular.append(device_id)
            self._asked[device_id] = now
            self._asked.move_to_end(device_id)
        while len(self._asked) > MOST_DEVICES:
            self._asked.popitem(last=False)
        return regular
