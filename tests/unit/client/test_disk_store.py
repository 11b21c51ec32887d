"""Batches are stored or refused one by one, whatever the disk does."""

import asyncio
import errno
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from iotflow.delivery import Entry
from iotflow.disk_store import DiskStore
from iotflow.errors import ServerError
from iotflow.queue_records import HEADER, RecordDamaged
from iotflow.v1.telemetry_pb2 import TelemetryBatch

PATIENCE = 5.0
# Eight segments of two records each.
LIMIT = 8 * 2 * (HEADER.size + len(TelemetryBatch(sequence=1, timestamps=[1]).SerializeToString()))


def entry(sequence: int) -> Entry:
    payload = TelemetryBatch(sequence=sequence, timestamps=[1]).SerializeToString()
    return Entry(sequence, 1, len(payload), payload)


def entries(*sequences: int) -> list[Entry]:
    return [entry(sequence) for sequence in sequences]


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[DiskStore]:
    store = await DiskStore.open(folder, LIMIT)
    try:
        yield store
    finally:
        await store.close()


async def kept(folder: Path) -> list[int]:
    async with opened(folder) as store:
        return [one.sequence for one in store.entries]


def full(*_: Any, **__: Any) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


async def test_entries_come_back_in_order_without_their_payloads(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        assert (store.entries, store.last_sequence, store.damaged) == ([], 0, 0)
        written = entries(1, 2, 3)
        assert await store.write(written) is None
        assert all(one.is_stored for one in written)
    async with opened(tmp_path) as store:
        assert [(one.sequence, one.rows, one.payload) for one in store.entries] == [
            (1, 1, b""),
            (2, 1, b""),
            (3, 1, b""),
        ]
        assert (store.last_sequence, store.damaged) == (3, 0)
        assert [await store.read(one) for one in store.entries] == [one.payload for one in written]
        assert {one.size for one in store.entries} == {len(written[0].payload)}


async def test_an_entry_that_is_not_stored_has_its_own_payload(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        assert await store.read(one := entry(1)) == one.payload


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("iotflow queue")]


def ended(thread: threading.Thread) -> bool:
    thread.join(PATIENCE)
    return not thread.is_alive()


async def test_one_thread_writes_until_the_folder_is_closed(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await asyncio.gather(*(store.write([entry(sequence)]) for sequence in (1, 2, 3)))
        (thread,) = threads()
    assert ended(thread)


async def test_a_folder_that_cannot_be_opened_leaves_no_thread(tmp_path: Path) -> None:
    async with opened(tmp_path):
        (first,) = threads()
        with pytest.raises(ServerError, match="QUEUE_IN_USE") as in_use:
            await DiskStore.open(tmp_path, LIMIT)
        assert all(ended(thread) for thread in threads() if thread is not first)
    # What raised it is held until here.
    assert in_use.tb


async def segments(folder: Path, limit: int, *sizes: int) -> list[int]:
    """The segments of batches with these sizes of their records."""
    written = [Entry(number, 1, size, bytes(size - HEADER.size)) for number, size in enumerate(sizes, 1)]
    store = await DiskStore.open(folder, limit)
    assert await store.write(written) is None
    await store.close()
    return [one.record.segment for one in written if one.record]


async def test_the_queue_consists_of_segments_of_an_eighth_of_its_limit(tmp_path: Path) -> None:
    assert await segments(tmp_path, 8 * 700, *[100] * 8) == [1] * 7 + [8]


async def test_a_segment_has_at_most_four_mebibytes(tmp_path: Path) -> None:
    assert await segments(tmp_path, 2**30, 2**22 - 100, 100, 100) == [1, 1, 3]


async def test_what_is_acknowledged_is_not_sent_again_and_its_segments_are_deleted(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.write(entries(1, 2, 3, 4))
        await store.remove(3, [1])
        assert [path.stem for path in tmp_path.glob("*.batches")] == [f"{3:020d}"]
        await store.remove(0, [])
    assert await kept(tmp_path) == [4]


async def test_a_full_disk_keeps_the_entries_before_the_one_that_did_not_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, written = os.pwrite, 0

    def take_one(descriptor: int, data: bytes, offset: int) -> int:
        nonlocal written
        written += 1
        return write(descriptor, data, offset) if written == 1 else full()

    async with opened(tmp_path) as store:
        monkeypatch.setattr(os, "pwrite", take_one)
        tried = entries(1, 2, 3)
        error = await store.write(tried)
        assert error is not None
        assert error.errno == errno.ENOSPC
        assert [one.is_stored for one in tried] == [True, False, False]
        monkeypatch.undo()
        assert await store.write(tried[1:]) is None
    assert await kept(tmp_path) == [1, 2, 3]


async def test_entries_that_cannot_be_synchronized_are_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path) as store:
        assert await store.write(entries(1)) is None
        monkeypatch.setattr(os, "fsync", full)
        tried = entries(2)
        assert await store.write(tried) is not None
        assert not tried[0].is_stored
        monkeypatch.undo()
    assert await kept(tmp_path) == [1]


async def test_entries_of_a_segment_that_was_synchronized_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A segment is synchronized before the next one begins; the error is about the next one."""
    synchronize, calls = os.fsync, 0

    def fail_at_the_end(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        # The folder, the first segment, the folder again, and the second segment.
        if calls == 4:
            full()
        synchronize(descriptor)

    async with opened(tmp_path) as store:
        monkeypatch.setattr(os, "fsync", fail_at_the_end)
        tried = entries(1, 2, 3)
        assert await store.write(tried) is not None
        assert [one.is_stored for one in tried] == [True, True, False]
        monkeypatch.undo()
    assert await kept(tmp_path) == [1, 2]


async def test_a_segment_that_cannot_begin_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(tmp_path) as store:
        monkeypatch.setattr(os, "fsync", full)
        tried = entries(1)
        assert await store.write(tried) is not None
        monkeypatch.undo()
        assert await store.write(tried) is None
    assert await kept(tmp_path) == [1]


async def test_an_acknowledgement_that_the_disk_does_not_take_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server ignores what is sent again."""
    async with opened(tmp_path) as store:
        await store.write(entries(1, 2, 3))
        monkeypatch.setattr(Path, "replace", full)
        monkeypatch.setattr(Path, "unlink", full)
        await store.remove(2, [1])
        monkeypatch.undo()
    assert await kept(tmp_path) == [1, 2, 3]


async def test_the_segments_are_deleted_even_if_the_acknowledgement_is_not_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path) as store:
        await store.write(entries(1, 2, 3))
        monkeypatch.setattr(Path, "replace", full)
        await store.remove(2, [1])
        monkeypatch.undo()
    assert await kept(tmp_path) == [3]


async def test_a_payload_that_is_gone_is_damage(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.write(written := entries(1))
        (segment,) = tmp_path.glob("*.batches")
        segment.unlink()
        with pytest.raises(RecordDamaged, match="No such file"):
            await store.read(written[0])
