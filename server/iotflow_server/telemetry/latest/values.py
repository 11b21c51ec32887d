"""The port to what remembers newest values. Its docstrings are the contract."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from iotflow_server.telemetry.batch import Batch
from iotflow_server.telemetry.ports import Latest

# The newest value of each measurement of a device, by name.
Values = tuple[Latest, ...]

# How long what was read from the store is remembered, from before it was read.
LIFE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of some devices. found: their values; none: the device has no readings. vacant: nothing is known, and
    whoever asked should read the store, after this answer, and hand on what it says by fill(), under this token. Of all
    others nothing is known, and nothing is to be handed on."""

    found: Mapping[int, Values] = field(default_factory=dict)
    vacant: Sequence[int] = ()
    token: bytes = b""


NOTHING = Asked()


class LatestValues(Protocol):
    """Never knows anything else than what the store says or a moment ago said: whoever writes or deletes tells it before
    saying that it is done; whoever reads the store asks it first, so that what is written or deleted in the meantime makes
    the reading void.

    Values live for LIFE_SECONDS from the ask that led to them, so that what a retention rule hides goes, too. No method
    raises, and each returns within a bounded time.
    """

    async def ask(self, device_ids: Sequence[int]) -> Asked:
        """What is known of these devices, each named once."""

    async def fill(self, asked: Asked, found: Mapping[int, Values]) -> None:
        """Remember what the store said of asked.vacant; devices that are not in found have no readings. What was written,
        deleted or forgotten since asked is left out."""

    async def note(self, batches: Sequence[Batch]) -> None:
        """Remember what the store has taken, in its order, where the device is remembered: newer times replace older ones.

        What cannot be told from here makes the device forgotten: a measurement that was not known, one of another type than
        the series has, another value at the same time (which of two writers' was the later is for the store to say).
        After one that was cancelled the devices are to be forgotten.
        """

    async def forget(self, device_ids: Sequence[int] | None) -> None:
        """These devices' values, None: everybody's, are other than was known; it is for the store to say, and of the
        devices named nothing is remembered for LIFE_SECONDS: what was stored before and is noted late must not come back.
        """
