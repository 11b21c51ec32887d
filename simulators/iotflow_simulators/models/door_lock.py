"""A door lock, opened and closed by people who come and go."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from iotflow_simulators.cycles import MINUTE, SECOND, is_weekend, profile
from iotflow_simulators.models.base import (
    BATTERY_FIELD,
    SUPPLY,
    Columns,
    CommandResult,
    Measurement,
    Model,
    Moments,
    Site,
    ValueType,
    rounds,
)
from iotflow_simulators.randoms import Ints, Words
from iotflow_simulators.scenario.kinds import Choice, Field, Number

# Passages relative to the busiest hour, from midnight.
HOME = (0.1, 0, 0, 0, 0, 0.1, 0.6, 1, 0.8, 0.3, 0.2, 0.3, 0.5, 0.4, 0.3, 0.5, 0.8, 1, 0.9, 0.6, 0.5, 0.4, 0.3, 0.2)
OFFICE = (0, 0, 0, 0, 0, 0, 0.2, 0.7, 1, 0.8, 0.4, 0.5, 1, 0.9, 0.4, 0.4, 0.7, 1, 0.6, 0.2, 0.1, 0, 0, 0)
PROFILES = {"home": HOME, "office": OFFICE}
# At most one passage in each slot.
SLOT = 2 * MINUTE
METHODS = ("key", "code", "card", "app")
_NEVER = -(1 << 60)


class DoorLock(Model):
    """Each passage unlocks the door, opens it for some seconds, and locks it again after a while."""

    NAME = "door_lock"
    SUMMARY = "door lock: people's comings and goings"
    PARAMETERS: ClassVar = {
        "place": Field(Choice(tuple(PROFILES)), "whose comings and goings", "home", "home"),
        "busiest": Field(Number(0, 30), "passages in the busiest hour", 6.0, "6"),
        "battery": BATTERY_FIELD,
    }
    MEASUREMENTS: ClassVar = (
        Measurement("entries", ValueType.WHOLE, "", "passages since the start; never falls"),
        Measurement("locked", ValueType.FLAG, "", "whether the bolt is out"),
        Measurement("open", ValueType.FLAG, "", "whether the door is open"),
        Measurement("access", ValueType.TEXT, "", "what unlocked the door last: `key`, `code`, `card`, `app`, `none`"),
        *SUPPLY,
    )
    COMMANDS: ClassVar = {"lock": "locks the door", "unlock": "unlocks the door until the next passage"}

    def __init__(self, parameters: Mapping[str, Any], keys: Words, site: Site) -> None:
        super().__init__(parameters, keys, site)
        # The slots of a device begin at times of its own.
        self._shift = self.draws("shift").whole(SLOT)
        self._slot = (site.start + self._shift) // SLOT
        self._entries = np.zeros(self.count, np.int64)
        self._passed = np.full(self.count, _NEVER, np.int64)
        self._method = np.full(self.count, len(METHODS), np.int64)
        self._held = np.zeros(self.count, np.bool_)

    def measure(self, moments: Moments) -> Columns:
        rows = len(moments.device)
        entries, method = np.empty(rows, np.int64), np.empty(rows, np.int64)
        locked, is_open = np.empty(rows, np.bool_), np.empty(rows, np.bool_)
        relock = 20 * SECOND + self.draws("relock").whole(100) * SECOND
        for step in rounds(moments.device):
            device, time = moments.device[step], moments.time[step]
            self._advance(device, time)
            since = time - self._passed[device]
            is_open[step] = since < 8 * SECOND
            locked[step] = (since >= relock[device]) & ~self._held[device]
            entries[step], method[step] = self._entries[device], self._method[device]
        access = np.array([*METHODS, "none"], object)[method]
        return {"entries": entries, "locked": locked, "open": is_open, "access": access}

    def _advance(self, device: Ints, time: Ints) -> None:
        """Let people pass in the slots that have begun since the last reading."""
        target = (time + self._shift[device]) // SLOT
        while True:
            behind = self._slot[device] < target
            if not behind.any():
                return
            late = device[behind]
            self._slot[late] += 1
            self._pass(late, self._slot[late])

    def _pass(self, device: Ints, slot: Ints) -> None:
        passing = device[self.passes(device, slot)]
        self._entries[passing] += 1
        self._passed[passing] = self._slot[passing] * SLOT - self._shift[passing]
        self._method[passing] = (self.draws("method").words(passing, self._slot[passing]) >> np.uint64(62)).astype(
            np.int64
        )
        self._held[passing] = False

    def passes(self, device: Ints, slot: Ints) -> NDArray[np.bool_]:
        """Whether there is a passage in the slot."""
        local = slot * SLOT - self._shift[device] + self.site.utc_offset
        quiet = np.where(is_weekend(local), 0.25 if self.parameters["place"] == "office" else 0.8, 1.0)
        per_slot = self.parameters["busiest"] * (SLOT / (60.0 * MINUTE))
        chance = profile(local, PROFILES[self.parameters["place"]]) * quiet * per_slot
        passes: NDArray[np.bool_] = self.draws("passages").uniform(device, slot) < chance
        return passes

    def _command_lock(self, device: int, _: Mapping[str, Any]) -> CommandResult:
        self._held[device] = False
        self._passed[device] = _NEVER
        return CommandResult(True, values={"locked": True})

    def _command_unlock(self, device: int, _: Mapping[str, Any]) -> CommandResult:
        self._held[device] = True
        return CommandResult(True, values={"locked": False})
