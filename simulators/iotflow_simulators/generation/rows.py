"""Readings of one fleet as columns."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from iotflow_simulators.models.base import Columns
from iotflow_simulators.randoms import Ints

Mask = NDArray[np.bool_]
# Readings that a flooding device adds have sequence numbers from here on.
EXTRA = 1 << 40


@dataclass(slots=True)
class Rows:
    """Shape (rows,) each. Faults change the arrays.

    device: index into the fleet's devices. sequence: number of the reading in its device. at: when it is measured; due: when
    it is sent; both in ms since the start. time: the time that the device states, in ms since 1970. columns: by measurement.
    missing: by measurement, where the reading has no value of it. malformed: 0, or 1 more than the index of a bad payload.
    """

    device: Ints
    sequence: Ints
    at: Ints
    due: Ints
    time: Ints
    columns: Columns
    malformed: NDArray[np.int8]
    missing: dict[str, Mask] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.device)

    def take(self, index: "Mask | NDArray[np.intp]") -> "Rows":
        """A copy of these rows."""
        return Rows(
            self.device[index],
            self.sequence[index],
            self.at[index],
            self.due[index],
            self.time[index],
            {name: column[index] for name, column in self.columns.items()},
            self.malformed[index],
            {name: mask[index] for name, mask in self.missing.items()},
        )

    def in_order(self) -> "Rows":
        """The rows by device, then by due time, then by sequence."""
        return self.take(np.lexsort((self.sequence, self.due, self.device)))


def joined(parts: Sequence[Rows]) -> Rows:
    """All rows, in the order of the parts. parts: at least one."""
    if len(parts) == 1:
        return parts[0]
    names = dict.fromkeys(name for part in parts for name in part.missing)
    return Rows(
        np.concatenate([part.device for part in parts]),
        np.concatenate([part.sequence for part in parts]),
        np.concatenate([part.at for part in parts]),
        np.concatenate([part.due for part in parts]),
        np.concatenate([part.time for part in parts]),
        {name: np.concatenate([part.columns[name] for part in parts]) for name in parts[0].columns},
        np.concatenate([part.malformed for part in parts]),
        {name: np.concatenate([_missing(part, name) for part in parts]) for name in names},
    )


def _missing(rows: Rows, name: str) -> Mask:
    return rows.missing.get(name, np.zeros(len(rows), np.bool_))
