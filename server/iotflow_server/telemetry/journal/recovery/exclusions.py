"""What a replay leaves out: deleted readings, and the logging of rejections that the sender already knows."""

import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from iotflow_server.telemetry.batch import Batch
from iotflow_server.telemetry.journal.coordination.shared_files import sync_folder
from iotflow_server.telemetry.journal.disk.records import framed, read_records
from iotflow_server.telemetry.ports import Span

_DELETIONS, _REJECTIONS = "deletions", "rejections"
# device_id, start, end; the measurement follows if only one was deleted.
_DELETION = struct.Struct("<qqq")


@dataclass(frozen=True, slots=True)
class Deletion:
    """Records with a lower number must not restore the span. number: by the clock of the records. measurement: the deleted
    one; empty: all."""

    device_id: int
    span: Span
    number: int
    measurement: str = ""


def record_deletion(root: Path, deletion: Deletion) -> None:
    """Record a deletion for every replay of the journals under root; durable on return. The caller holds the root lock."""
    payload = _DELETION.pack(deletion.device_id, deletion.span.start, deletion.span.end) + deletion.measurement.encode()
    file = os.open(root / _DELETIONS, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        # Overwrites a torn record at the end: records behind it would never be read.
        end = max((record.end for record in read_records(root / _DELETIONS, 0)), default=0)
        os.ftruncate(file, end)
        os.pwrite(file, b"".join(framed(deletion.number, [payload])), end)
        os.fdatasync(file)
    finally:
        os.close(file)
    sync_folder(root)


def recorded_deletions(root: Path) -> list[Deletion]:
    """The deletions that a replay has to observe. The caller holds the root lock."""
    return [_read(record.number, record.payload) for record in read_records(root / _DELETIONS, 0)]


def forget_deletions(root: Path, durable: int) -> None:
    """Remove the deletions; records up to this number are never replayed again. The caller holds the root lock."""
    # A newer deletion is rare; the file is then removed by a later call.
    if all(deletion.number <= durable for deletion in recorded_deletions(root)):
        (root / _DELETIONS).unlink(missing_ok=True)


def without_deleted(batch: Batch, number: int, deletions: Iterable[Deletion]) -> Batch:
    """The batch of the record with this number, without the readings that were deleted later."""
    keep = np.ones(len(batch.times), np.bool_)
    for deletion in deletions:
        if deletion.device_id != batch.device_id or number >= deletion.number:
            continue
        if deletion.measurement:
            columns = tuple(one for one in batch.columns if one.measurement != deletion.measurement)
            batch = replace(batch, columns=columns)
        else:
            keep &= (batch.times < deletion.span.start) | (batch.times >= deletion.span.end)
    if keep.all():
        return batch
    return Batch(batch.device_id, batch.times[keep], tuple(one.select(keep) for one in batch.columns), batch.atomic)


def acknowledge_rejections(folder: Path, number: int) -> None:
    """Record that the sender of a record knows its rejections. Not synced: after a crash of the machine they are logged
    once more."""
    file = os.open(folder / _REJECTIONS, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        os.write(file, number.to_bytes(8, "little"))
    finally:
        os.close(file)


def acknowledged_rejections(folder: Path) -> set[int]:
    """Numbers of the records whose rejections their senders know."""
    try:
        data = (folder / _REJECTIONS).read_bytes()
    except FileNotFoundError:
        return set()
    return set(np.frombuffer(data[: len(data) // 8 * 8], "<u8").tolist())


def forget_rejections(folder: Path) -> None:
    """Remove the acknowledgements of a journal without records."""
    (folder / _REJECTIONS).unlink(missing_ok=True)


def _read(number: int, payload: bytes) -> Deletion:
    device_id, start, end = _DELETION.unpack_from(payload)
    return Deletion(device_id, Span(start, end), number, payload[_DELETION.size :].decode())
