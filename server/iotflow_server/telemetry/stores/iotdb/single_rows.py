"""Tablets of one row each, of many devices that share their measurements, encoded together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from iotflow_server.telemetry.batch import Batch, Mask, ValueType
from iotflow_server.telemetry.multi_device_batch import AnyBatch, MultiDeviceBatch
from iotflow_server.telemetry.stores.iotdb.schema import WIRE, Paths
from iotflow_server.telemetry.stores.iotdb.tablets import Tablets, tablet
from iotflow_server.telemetry.stores.iotdb.type_cache import Types

_TIME = np.dtype([("length", ">i4"), ("time", ">i8")])


def single_rows(paths: Paths, batch: MultiDeviceBatch) -> Tablets:
    """A tablet for each device, which has one row with a value in each column, and no text."""
    devices, columns = len(batch.device_ids), batch.columns
    layout = [("length", ">i4"), *((f"v{place}", WIRE[column.type]) for place, column in enumerate(columns))]
    # A zero for each column: it has no missing values.
    values = np.zeros(devices, np.dtype([*layout, ("complete", np.uint8, len(columns))]))
    values["length"] = values.itemsize - 4
    for place, column in enumerate(columns):
        values[f"v{place}"] = column.values
    times = np.empty(devices, _TIME)
    times["length"], times["time"] = 8, batch.times
    # Everything else is the same for each device.
    one = tablet("", batch.times[:1], [column.select(slice(1)) for column in columns]).parts()
    return Tablets(
        devices,
        [paths.device(device_id) for device_id in batch.device_ids],
        [b"".join(one.names) * devices],
        [values.tobytes()],
        [times.tobytes()],
        [b"".join(one.codes) * devices],
        one.rows * devices,
    )


def row_spans(batch: MultiDeviceBatch) -> Iterator[tuple[int, int, int]]:
    """Each device, with the first and the last time of its row."""
    times = batch.times.tolist()
    return zip(batch.device_ids, times, times, strict=True)


@dataclass(frozen=True, slots=True)
class Divided:
    """A group of batches. together: what single_rows encodes. parts: the other batches of one device, each with the place of
    its batch in the group and its first row there."""

    together: Sequence[MultiDeviceBatch]
    parts: Sequence[tuple[int, int, Batch]]


def divided(batches: Sequence[AnyBatch], known: dict[int, Types]) -> Divided:
    """known: the types of all devices of the batches. The devices of the parts are not in `together`."""
    ids = [device_id for batch in batches for device_id in _ids(batch)]
    is_distinct = len(set(ids)) == len(ids)
    together, parts = list[MultiDeviceBatch](), list[tuple[int, int, Batch]]()
    for place, batch in enumerate(batches):
        if isinstance(batch, Batch):
            parts.append((place, 0, batch))
            continue
        fitting = _fitting(batch, known) if is_distinct else np.zeros(len(batch.device_ids), np.bool_)
        if fitting.all():
            together.append(batch)
        else:
            if fitting.any():
                together.append(batch.select(np.flatnonzero(fitting).tolist())[0])
            firsts = batch.firsts.tolist()
            parts += [(place, firsts[part], batch.part(part)) for part in np.flatnonzero(~fitting).tolist()]
    return Divided(together, parts)


def _ids(batch: AnyBatch) -> Sequence[int]:
    return [batch.device_id] if isinstance(batch, Batch) else batch.device_ids


def _fitting(batch: MultiDeviceBatch, known: dict[int, Types]) -> Mask:
    """The devices with one row that is stored as it is; shape (devices,)."""
    is_single: Mask = np.diff(batch.ends, prepend=0) == 1
    if any(column.valid is not None or column.type is ValueType.TEXT for column in batch.columns):
        return np.zeros(len(is_single), np.bool_)
    types = [(column.measurement, column.type) for column in batch.columns]
    fits = (all(known[one].get(name) is kind for name, kind in types) for one in batch.device_ids)
    fitting: Mask = is_single & np.fromiter(fits, np.bool_, len(is_single))
    return fitting
