"""What no replay must bring back."""

import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from iotflow_server.telemetry.batch import Batch, Column, Mask
from iotflow_server.telemetry.journal.disk.records import framed, read_records
from iotflow_server.telemetry.journal.disk.sync_folder import sync_folder
from iotflow_server.telemetry.ports import Span

_NAME = "deletions"
# device_id, start, end; the measurement follows, if it is of one.
_DELETION = struct.Struct("<qqq")


@dataclass(frozen=True, slots=True)
class Deletion:
    """number: of the same clock as the records'; those before it must not bring the span back. measurement: the one that was
    deleted; empty: all."""

    device_id: int
    span: Span
    number: int
    measurement: str = ""


def note(root: Path, deletion: Deletion) -> None:
    """Tell whoever replays the journals under root; on return it is durable. For whoever holds the root's lock."""
    payload = _DELETION.pack(deletion.device_id, deletion.span.start, deletion.span.end) + deletion.measurement.encode()
    file = os.open(root / _NAME, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        # Behind the last whole one: what stands behind a torn one is never read.
        end = max((record.end for record in read_records(root / _NAME, 0)), default=0)
        os.ftruncate(file, end)
        os.pwrite(file, b"".join(framed(deletion.number, [payload])), end)
        os.fdatasync(file)
    finally:
        os.close(file)
    sync_folder(root)


def noted(root: Path) -> list[Deletion]:
    """The deletions that whoever replays has to heed. For whoever holds the root's lock."""
    return [_read(record.number, record.payload) for record in read_records(root / _NAME, 0)]


def forget(root: Path, durable: int) -> None:
    """No record up to this number will be replayed. For whoever holds the root's lock."""
    # Seldom are there newer ones, and then the next time will do.
    if all(deletion.number <= durable for deletion in noted(root)):
        (root / _NAME).unlink(missing_ok=True)


def without(batch: Batch, number: int, deletions: Iterable[Deletion]) -> Batch:
    """What is left of the batch of a record."""
    keep = np.ones(len(batch.times), np.bool_)
    for deletion in deletions:
        if deletion.device_id != batch.device_id or number >= deletion.number:
            continue
        if deletion.measurement:
            columns = tuple(one for one in batch.columns if one.measurement != deletion.measurement)
            batch = replace(batch, columns=columns)
        else:
            keep &= (batch.times < deletion.span.start) | (batch.times >= deletion.span.end)
    return batch if keep.all() else _rows(batch, keep)


def _read(number: int, payload: bytes) -> Deletion:
    device_id, start, end = _DELETION.unpack_from(payload)
    return Deletion(device_id, Span(start, end), number, payload[_DELETION.size :].decode())


def _rows(batch: Batch, keep: Mask) -> Batch:
    columns = (
        Column(one.measurement, one.type, one.values[keep], None if one.valid is None else one.valid[keep])
        for one in batch.columns
    )
    return Batch(batch.device_id, batch.times[keep], tuple(columns), batch.atomic)
