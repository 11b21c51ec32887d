"""Serialized batches, made before the measurement."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iotflow.v1.telemetry_pb2 import TelemetryBatch

T0 = 1_700_000_000_000
# The number of different blocks of values, which prevents caching.
VARIANTS = 16


def walks(rows: int, columns: int, seed: int) -> NDArray[np.float64]:
    """shape (columns, rows): random walks rounded to two decimals, as sensors send them."""
    steps = np.random.default_rng(seed).normal(0, 0.3, (columns, rows))
    return (20 + steps.cumsum(axis=1)).round(2)


def times(block: int, rows: int) -> NDArray[np.int64]:
    """shape (rows,): the times of a block of rows of a device, one per second. The next block continues."""
    return T0 + 1_000 * np.arange(block * rows, (block + 1) * rows)


@dataclass(frozen=True, slots=True)
class Message:
    """A serialized TelemetryBatch in two parts, of which many share the second."""

    sequence: int
    head: bytes
    columns: bytes


class Shapes:
    """Makes messages with this number of rows and columns of doubles."""

    def __init__(self, rows: int, columns: int) -> None:
        self.rows = rows
        self.values = rows * columns
        self._variants = [_columns(rows, columns, seed) for seed in range(VARIANTS)]

    def message(self, sequence: int, device_id: int, block: int) -> Message:
        """A batch with a block of rows of a device."""
        head = TelemetryBatch(sequence=sequence, device_id=device_id, timestamps=times(block, self.rows).tolist())
        return Message(sequence, head.SerializeToString(), self._variants[sequence % VARIANTS])

    def messages(self, number: int, device_id: int, first_block: int) -> Iterator[Message]:
        """Consecutive batches of one device."""
        return (self.message(place + 1, device_id, first_block + place) for place in range(number))


def _columns(rows: int, columns: int, seed: int) -> bytes:
    message = TelemetryBatch()
    for number, values in enumerate(walks(rows, columns, seed)):
        message.columns.add(measurement=f"m{number}", doubles=values.tolist())
    return message.SerializeToString()
