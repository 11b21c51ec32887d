"""What others of this disk must not bring back: deletions, noted in the folder of each journal they do not own."""

import asyncio
import fcntl
import os
import struct
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from iotflow_server.telemetry.batch import Batch, Column, Mask
from iotflow_server.telemetry.journal.records import framed, read_records
from iotflow_server.telemetry.journal.segments import sync_folder
from iotflow_server.telemetry.store import Span

_NAME = "deletions"
# device_id, start, end
_DELETION = struct.Struct("<qqq")
# A number behind those of all records.
BEHIND_ALL = 2**64 - 1
# How often to look whether another process has let go.
_LOOK_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class Deletion:
    """number: of the same count as the records'; those before it must not bring the span back."""

    device_id: int
    span: Span
    number: int


def prepare(folder: Path) -> None:
    """Make a folder such that deletions can be noted in it; those that are stay."""
    os.close(os.open(folder / _NAME, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))


def note(folder: Path, deletion: Deletion) -> None:
    """Tell whoever replays the journal in this folder; on return it is durable."""
    payload = _DELETION.pack(deletion.device_id, deletion.span.start, deletion.span.end)
    file = os.open(folder / _NAME, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        # Behind the last whole one: what stands behind a torn one is never read.
        end = max((record.end for record in read_records(folder / _NAME, 0)), default=0)
        os.ftruncate(file, end)
        os.pwrite(file, b"".join(framed(deletion.number, [payload])), end)
        os.fdatasync(file)
    finally:
        os.close(file)
    sync_folder(folder)


def noted(folder: Path) -> list[Deletion]:
    """The deletions that whoever replays the journal in this folder has to heed."""
    return [_read(record.number, record.payload) for record in read_records(folder / _NAME, 0)]


def forget(folder: Path) -> None:
    """There is nothing left in the journal that could bring anything back."""
    os.truncate(folder / _NAME, 0)


@asynccontextmanager
async def held(folder: Path) -> AsyncIterator[None]:
    """Nobody else notes a deletion in this folder, nor replays what is in it, meanwhile. FileNotFoundError: it is gone.

    A replay that has looked for deletions writes what it has found to be left; one that is noted, and carried out, in
    between would be undone.
    """
    lock = os.open(folder / _NAME, os.O_RDWR | os.O_CLOEXEC)
    try:
        while not _taken(lock):  # noqa: ASYNC110 - a lock of another process rings no bell
            await asyncio.sleep(_LOOK_SECONDS)
        yield
    finally:
        os.close(lock)


def _taken(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def without(batch: Batch, number: int, deletions: Iterable[Deletion]) -> Batch:
    """What is left of the batch of a record."""
    keep = np.ones(len(batch.times), np.bool_)
    for deletion in deletions:
        if deletion.device_id == batch.device_id and number < deletion.number:
            keep &= (batch.times < deletion.span.start) | (batch.times >= deletion.span.end)
    return batch if keep.all() else _rows(batch, keep)


def _read(number: int, payload: bytes) -> Deletion:
    device_id, start, end = _DELETION.unpack(payload)
    return Deletion(device_id, Span(start, end), number)


def _rows(batch: Batch, keep: Mask) -> Batch:
    columns = (
        Column(one.measurement, one.type, one.values[keep], None if one.valid is None else one.valid[keep])
        for one in batch.columns
    )
    return Batch(batch.device_id, batch.times[keep], tuple(columns), batch.atomic)
