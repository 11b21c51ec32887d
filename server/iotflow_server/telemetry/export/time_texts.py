"""Times as text, whole columns at a time."""

import numpy as np
import pyarrow as pa

from iotflow_server.telemetry.batch import Times

_DAY = 86_400_000
_LENGTH = len("2026-01-31T12:00:00.250Z")
_SECONDS = np.array([f"T{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}" for s in range(86_400)], "S9")
_MILLISECONDS = np.array([f".{ms:03}Z" for ms in range(1_000)], "S5")


def time_texts(times: pa.Array) -> pa.Array:
    """RFC 3339 in UTC with milliseconds of timestamp[ms] without nulls, years 1 to 9999.

    Looked up by day, second and millisecond: a tenth of what formatting each costs.
    """
    values: Times = times.cast(pa.int64()).to_numpy()
    days, rest = np.divmod(values, _DAY)
    distinct, which = np.unique(days, return_inverse=True)
    dates = np.datetime_as_string(distinct.astype("datetime64[D]")).astype("S10")
    texts = np.empty((len(values), _LENGTH), np.uint8)
    for start, table, rows in ((0, dates, which), (10, _SECONDS, rest // 1_000), (19, _MILLISECONDS, rest % 1_000)):
        letters = table.view(np.uint8).reshape(len(table), table.itemsize)
        texts[:, start : start + table.itemsize] = letters[rows]
    offsets = np.arange(0, texts.size + 1, _LENGTH, dtype=np.int32)
    return pa.StringArray.from_buffers(len(values), pa.py_buffer(offsets), pa.py_buffer(texts))
