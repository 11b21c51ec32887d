"""Readings as records of a journal: those of IoTDB, and those that it may lack."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing

from iotflow_server.telemetry.batch import Batch
from iotflow_server.telemetry.batch_encoding import encode
from iotflow_server.telemetry.journal.copying import JournalTail
from iotflow_server.telemetry.journal.disk.records import framed
from iotflow_server.telemetry.ports import Span, TelemetryReader

# Approximate size of the parts, which are held in memory.
PART_BYTES = 4 * 2**20
# Devices that are read at a time; IoTDB answers one connection after the other otherwise.
_READERS = 4
_CHUNK_ROWS = 50_000


class RecordNumbers:
    """Numbers the records of a backup from 1, in the order in which they are replayed."""

    def __init__(self) -> None:
        self._last = 0

    def framed(self, payload: bytes) -> tuple[int, bytes]:
        """The number of the next record, and the record."""
        self._last += 1
        return self._last, b"".join(framed(self._last, [payload]))


async def readings_of(
    reader: TelemetryReader, device_ids: Sequence[int], numbers: RecordNumbers
) -> AsyncIterator[bytes]:
    """Yield the readings of the devices, one record in a part. Raises Unavailable."""
    batches: list[Batch] = []
    size = 0
    async with aclosing(_read_all(reader, device_ids)) as found:
        async for batch in found:
            batches.append(batch)
            size += batch.size
            if size >= PART_BYTES:
                yield _record(batches, numbers)
                batches, size = [], 0
    if batches:
        yield _record(batches, numbers)


def tail_of(tail: JournalTail, numbers: RecordNumbers) -> Iterator[tuple[bytes, list[int]]]:
    """Yield the records of a tail, several in a part, and the numbers of those whose senders know their rejections."""
    records: list[bytes] = []
    acknowledged: list[int] = []
    size = 0
    for record in tail.records():
        number, data = numbers.framed(record.payload)
        records.append(data)
        size += len(data)
        if record.number in tail.acknowledged:
            acknowledged.append(number)
        if size >= PART_BYTES:
            yield b"".join(records), acknowledged
            records, acknowledged, size = [], [], 0
    if records:
        yield b"".join(records), acknowledged


def _record(batches: Sequence[Batch], numbers: RecordNumbers) -> bytes:
    return numbers.framed(b"".join(encode(batches)))[1]


async def _read_all(reader: TelemetryReader, device_ids: Sequence[int]) -> AsyncGenerator[Batch]:
    """Yield the batches of several devices at a time; those of one device are in the order of their times."""
    waiting = iter(device_ids)
    found: asyncio.Queue[Batch | None] = asyncio.Queue(2 * _READERS)

    async def read() -> None:
        for device_id in waiting:
            async with aclosing(reader.read(device_id, Span(), chunk_rows=_CHUNK_ROWS)) as batches:
                async for batch in batches:
                    await found.put(batch)

    async def read_all() -> None:
        try:
            async with asyncio.TaskGroup() as readers:
                for _ in range(_READERS):
                    readers.create_task(read())
        finally:
            await found.put(None)

    reading = asyncio.create_task(read_all())
    try:
        while (batch := await found.get()) is not None:
            yield batch
        await reading
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
