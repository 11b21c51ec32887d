"""Keeps payloads in a folder, in a thread of its own: neither writing nor fsync holds up the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from iotflow.delivery import Entry
from iotflow.queue_files import QueueFiles
from iotflow.queue_records import Record

SEGMENT_BYTES = 4 * 1024 * 1024
# A queue consists of at least so many segments, so that deleting one frees a part of it.
SEGMENTS = 8
T = TypeVar("T")


class DiskStore:
    """An open folder. entries: what it held when it was opened, oldest first. device: whose batches these are; None: not
    known."""

    def __init__(self, files: QueueFiles, executor: ThreadPoolExecutor) -> None:
        self._files = files
        self._executor = executor
        self.entries = [_entry(record) for record in files.records]
        self.last_sequence = files.last_sequence
        self.damaged = files.damaged
        self.device = files.device

    @classmethod
    async def open(cls, folder: Path, limit: int) -> "DiskStore":
        """Open a folder. limit: of the queue, bytes. Raises ServerError QUEUE_IN_USE and OSError."""
        executor = ThreadPoolExecutor(1, thread_name_prefix="iotflow queue")
        segment_bytes = min(SEGMENT_BYTES, limit // SEGMENTS)
        try:
            files = await asyncio.get_running_loop().run_in_executor(executor, QueueFiles, folder, segment_bytes)
        except BaseException:
            # Also if cancelled: no thread is left.
            executor.shutdown(wait=False)
            raise
        return cls(files, executor)

    async def write(self, entries: list[Entry]) -> OSError | None:
        """Write and synchronize entries."""
        records, error = await self._run(lambda: self._written(entries))
        for entry, record in zip(entries, records, strict=False):
            entry.record = record
        return error

    async def read(self, entry: Entry) -> bytes:
        """Read a payload. Raises RecordDamaged, and OSError where another attempt may succeed."""
        record = entry.record
        if record is None:
            return entry.payload
        return await self._run(lambda: self._files.read(record))

    async def remove(self, acknowledged: int, segments: list[int]) -> None:
        """Store the acknowledgement and delete segments. A disk without space tries again with the next one."""

        def remove() -> None:
            if acknowledged:
                with suppress(OSError):
                    self._files.acknowledge(acknowledged)
            for segment in segments:
                with suppress(OSError):
                    self._files.delete(segment)

        await self._run(remove)

    async def claim(self, device_id: int) -> None:
        """Store whose batches these are. A disk without space tries again with the next key."""

        def claim() -> None:
            with suppress(OSError):
                self._files.claim(device_id)

        await self._run(claim)
        self.device = device_id

    async def close(self) -> None:
        """Close the folder."""
        await self._run(self._files.close)
        self._executor.shutdown(wait=False)

    async def _run(self, act: Callable[[], T]) -> T:
        # Without the shield a cancelled caller would not know whether the files were changed.
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._executor, act))

    def _written(self, entries: list[Entry]) -> tuple[list[Record], OSError | None]:
        records, error = list[Record](), None
        try:
            for entry in entries:
                records.append(self._files.append(entry.sequence, entry.rows, entry.payload))
        except OSError as failure:
            error = failure
        try:
            self._files.sync()
        except OSError as failure:
            return self._withdrawn(records), failure
        return records, error

    def _withdrawn(self, records: list[Record]) -> list[Record]:
        """Take back what could not be synchronized: the records in the newest segment."""
        safe = [record for record in records if record.segment != records[-1].segment]
        if records:
            with suppress(OSError):
                self._files.cut(records[len(safe)])
        return safe


def _entry(record: Record) -> Entry:
    return Entry(record.sequence, record.rows, record.size, b"", record, names_device=record.names_device)
