"""Readings as columns, and as a data frame of pandas, polars or Arrow."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iotflow.batches import decode_batch
from iotflow.v1.telemetry_pb2 import TelemetryBatch

_MISSING: dict[str, Any] = {"f": np.nan, "i": 0, "b": False, "O": None}


@dataclass(frozen=True, slots=True)
class DeviceColumns:
    """Readings of one device. times: shape (rows,), int64 milliseconds since 1970 UTC. columns: measurement to a masked
    array of shape (rows,), masked where the row has no value."""

    device_id: int
    times: NDArray[np.int64]
    columns: "dict[str, np.ma.MaskedArray[Any, Any]]"

    @classmethod
    def of(cls, batch: TelemetryBatch) -> "DeviceColumns":
        """The columns of a batch that the server sent."""
        times, columns = decode_batch(batch)
        return cls(batch.device_id, times, columns)

    def rows(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """The time and the values of each row, in Python's types."""
        lists = {name: (column.tolist()) for name, column in self.columns.items()}
        for row, time in enumerate(self.times.tolist()):
            yield time, {name: values[row] for name, values in lists.items() if values[row] is not None}


class Columns:
    """Readings of many devices, one below the other.

    device_ids, times: shape (rows,), int32, and int64 milliseconds since 1970 UTC. columns: measurement to a masked array of
    shape (rows,). Devices that store a measurement with different types of number get the larger type, otherwise objects.
    """

    def __init__(self, parts: Sequence[DeviceColumns]) -> None:
        counts = [len(part.times) for part in parts]
        self.device_ids = np.repeat(np.array([part.device_id for part in parts], np.int32), counts)
        self.times = np.concatenate([part.times for part in parts]) if parts else np.empty(0, np.int64)
        names = dict.fromkeys(name for part in parts for name in part.columns)
        self.columns = {name: _joined([part.columns.get(name) for part in parts], counts) for name in names}

    def __len__(self) -> int:
        return len(self.times)

    def to_pandas(self) -> Any:
        """A pandas.DataFrame with device_id, timestamp (UTC) and a column for each measurement. Whole numbers and booleans
        that miss values get pandas' types that can. Raises ImportError without pandas."""
        pandas = _imported("pandas")
        times = pandas.DatetimeIndex(self.times.view("datetime64[ms]")).tz_localize("UTC")
        frame = {"device_id": self.device_ids, "timestamp": times}
        for name, column in self.columns.items():
            frame[name] = _pandas_values(pandas, column)
        return pandas.DataFrame(frame, copy=False)

    def to_arrow(self) -> Any:
        """A pyarrow.Table with the same columns. Raises ImportError without pyarrow."""
        pyarrow = _imported("pyarrow")
        times = pyarrow.array(self.times.view("datetime64[ms]")).cast(pyarrow.timestamp("ms", "UTC"))
        table = {"device_id": pyarrow.array(self.device_ids), "timestamp": times}
        for name, column in self.columns.items():
            mask = np.ma.getmaskarray(column) if np.ma.is_masked(column) else None
            table[name] = pyarrow.array(np.ma.getdata(column), mask=mask)
        return pyarrow.table(table)

    def to_polars(self) -> Any:
        """A polars.DataFrame with the same columns. Raises ImportError without polars."""
        polars = _imported("polars")
        times = polars.Series("timestamp", self.times.view("datetime64[ms]")).dt.replace_time_zone("UTC")
        frame = [polars.Series("device_id", self.device_ids), times]
        for name, column in self.columns.items():
            series = polars.Series(name, np.ma.getdata(column))
            if np.ma.is_masked(column):
                valid = polars.Series(~np.ma.getmaskarray(column))
                series = polars.select(polars.when(valid).then(series).alias(name)).to_series()
            frame.append(series)
        return polars.DataFrame(frame)


def _joined(parts: "list[np.ma.MaskedArray[Any, Any] | None]", counts: list[int]) -> "np.ma.MaskedArray[Any, Any]":
    """One column of all parts; a part without it is masked."""
    dtype = _common_dtype({part.dtype for part in parts if part is not None})
    values = np.empty(sum(counts), dtype)
    mask = np.zeros(len(values), np.bool_)
    begin = 0
    for part, count in zip(parts, counts, strict=True):
        end = begin + count
        if part is None:
            values[begin:end], mask[begin:end] = _MISSING[dtype.kind], True
        else:
            values[begin:end] = np.ma.getdata(part)
            mask[begin:end] = np.ma.getmask(part)
        begin = end
    return np.ma.masked_array(values, mask if mask.any() else np.ma.nomask)


def _common_dtype(dtypes: set[np.dtype[Any]]) -> np.dtype[Any]:
    if len(dtypes) == 1:
        return next(iter(dtypes))
    are_numbers = all(dtype.kind in "if" for dtype in dtypes)
    return np.result_type(*dtypes) if are_numbers else np.dtype(object)


def _pandas_values(pandas: Any, column: "np.ma.MaskedArray[Any, Any]") -> Any:
    values = np.ma.getdata(column)
    if not np.ma.is_masked(column):
        return values
    mask = np.ma.getmaskarray(column)
    if values.dtype.kind == "i":
        return pandas.arrays.IntegerArray(values, mask)
    if values.dtype.kind == "b":
        return pandas.arrays.BooleanArray(values, mask)
    return np.where(mask, _MISSING[values.dtype.kind], values)


def _imported(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        extra = {"pyarrow": "arrow"}.get(name, name)
        raise ImportError(f"This needs {name}. Install it with: pip install 'iotflow-client[{extra}]'") from None
