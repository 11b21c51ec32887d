"""Readings whose values are a function of device, batch, measurement and time, so that any stored value can be checked."""

from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iotflow.batches import encode_batch
from iotflow.v1.telemetry_pb2 import TelemetryBatch

T0 = 1_767_225_600_000
MEASUREMENTS = ("level", "count", "state", "ratio", "open", "note")
# New rows of a batch, and earlier rows that it overwrites.
NEW_ROWS, OLD_ROWS = 12, 4
_RECENT = 300

Column = np.ma.MaskedArray[Any, Any]


@dataclass(frozen=True, slots=True)
class Piece:
    """A device's batch before it is encoded. number: counts the device's batches from 1."""

    device_id: int
    number: int
    times: NDArray[np.int64]

    @property
    def columns(self) -> dict[str, Column]:
        """Values by measurement; masked rows have no value in this batch."""
        return {name: values(name, self.device_id, self.times, self.number) for name in MEASUREMENTS}

    def encoded(self, *, for_gateway: bool = False) -> TelemetryBatch:
        """The message, with the number as its sequence number."""
        batch = encode_batch(self.times, self.columns, device_id=self.device_id if for_gateway else 0)
        batch.sequence = self.number
        return batch


def values(measurement: str, device_id: int, times: NDArray[np.int64], number: int) -> Column:
    """The values of the measurement in this batch of the device at these times.

    Presence of a value depends on device and time only: if a value is written twice and then left out, IoTDB
    may return the first one (in results of several measurements), which the journal cannot prevent.
    """
    place = (times - T0) // 1_000 + device_id
    mixed = (times - T0) * 31 + device_id * 7_919 + number * 104_729
    match measurement:
        case "level":
            return np.ma.masked_array(mixed / 7.0)
        case "count":
            return np.ma.masked_array(mixed * 1_000_003)
        case "state":
            return np.ma.masked_array((mixed % 2**31).astype(np.int32), mask=place % 5 == 0)
        case "ratio":
            return np.ma.masked_array((mixed % 2**24).astype(np.float32))
        case "open":
            return np.ma.masked_array(mixed % 2 == 0)
        case _:
            texts = np.array([f"{one:x} ü" for one in mixed.tolist()], object)
            return np.ma.masked_array(texts, mask=place % 3 == 0)


class Source:
    """The batches of a device: new times, one second apart, and some of the latest times again with other values."""

    def __init__(self, device_id: int, random: Random) -> None:
        self._device_id = device_id
        self._random = random
        self._number = 0
        self._end = 0

    def next(self) -> Piece:
        """The next batch; its rows are unordered, and some have equal times."""
        self._number += 1
        new = range(self._end, self._end + NEW_ROWS)
        self._end += NEW_ROWS
        old = self._random.choices(range(max(0, self._end - _RECENT), self._end), k=OLD_ROWS)
        seconds = [*new, *old]
        self._random.shuffle(seconds)
        return Piece(self._device_id, self._number, T0 + 1_000 * np.array(seconds, np.int64))
