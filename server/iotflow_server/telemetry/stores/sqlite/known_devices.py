"""The devices of a batch: the series of its columns, and the devices whose rows cannot be stored as they are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iotflow_server.telemetry.batch import Column, Mask
from iotflow_server.telemetry.multi_device_batch import MultiDeviceBatch
from iotflow_server.telemetry.stores.sqlite.series import DeviceSeries

# A batch with this number of rows of a device is written to the table itself: the readings of a series fill pages.
WIDE_ROWS = 64
# In place of the number of a series: the device has no measurement of this name and type.
_NONE = -1


@dataclass(frozen=True, slots=True)
class KnownDevices:
    """series: for each column the series of each device, shape (devices,). owners: the place of the device of each row, shape
    (rows,). separate: the places of devices with a value of a new measurement or another type, or with many rows.
    """

    series: Sequence[NDArray[np.int64]]
    owners: NDArray[np.int64]
    separate: NDArray[np.int64]
    _together: Mask | None

    @classmethod
    def of(cls, batch: MultiDeviceBatch, known: Sequence[DeviceSeries]) -> "KnownDevices":
        """known: the series of each device."""
        counts = np.diff(batch.ends, prepend=0)
        owners = np.repeat(np.arange(len(counts)), counts)
        series = [_series(column, known) for column in batch.columns]
        is_separate = counts >= WIDE_ROWS
        for column, numbers in zip(batch.columns, series, strict=True):
            missing = numbers == _NONE
            if missing.any():
                rows = missing[owners] if column.valid is None else missing[owners] & column.valid
                is_separate[owners[rows]] = True
        together = ~is_separate[owners] if is_separate.any() else None
        return cls(series, owners, np.flatnonzero(is_separate), together)

    def rows(self, column: Column) -> Mask | slice:
        """The rows of the column with a value that is stored as it is."""
        if self._together is None:
            return slice(None) if column.valid is None else column.valid
        return self._together if column.valid is None else self._together & column.valid


def _series(column: Column, known: Sequence[DeviceSeries]) -> NDArray[np.int64]:
    name, kind = column.measurement, column.type
    return np.array([one.ids[name] if one.types.get(name) is kind else _NONE for one in known], np.int64)
