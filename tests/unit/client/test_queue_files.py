"""The folder of a queue on disk: nothing that was synchronized is lost, and damage is noticed."""

import asyncio
import errno
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotflow.disk_store import DiskStore
from iotflow.errors import ServerError
from iotflow.queue_files import HEADER, QueueFiles
from iotflow.v1.telemetry_pb2 import TelemetryBatch

SEGMENT = 200
PATIENCE = 10.0


def payload(sequence: int, rows: int = 3) -> bytes:
    return TelemetryBatch(sequence=sequence, timestamps=range(rows)).SerializeToString()


@contextmanager
def opened(folder: Path, segment_bytes: int = SEGMENT) -> Iterator[QueueFiles]:
    files = QueueFiles(folder, segment_bytes)
    try:
        yield files
    finally:
        files.close()


def fill(folder: Path, sequences: range) -> None:
    with opened(folder) as files:
        for sequence in sequences:
            files.append(sequence, 3, payload(sequence))
        files.sync()


def sequences(files: QueueFiles) -> list[int]:
    return [record.sequence for record in files.records]


def segments(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.batches"))


def test_records_come_back_with_their_rows_and_payloads(tmp_path: Path) -> None:
    fill(tmp_path, range(1, 50))
    assert len(segments(tmp_path)) > 1
    with opened(tmp_path) as files:
        assert sequences(files) == list(range(1, 50))
        assert files.last_sequence == 49
        assert {record.rows for record in files.records} == {3}
        assert [files.read(record) for record in files.records] == [payload(number) for number in range(1, 50)]


def test_acknowledged_records_are_left_out_and_their_segments_deleted(tmp_path: Path) -> None:
    fill(tmp_path, range(1, 50))
    before = len(segments(tmp_path))
    with opened(tmp_path) as files:
        files.acknowledge(40)
    with opened(tmp_path) as files:
        assert sequences(files) == list(range(41, 50))
    assert len(segments(tmp_path)) < before


def test_the_sequence_is_kept_where_everything_is_acknowledged(tmp_path: Path) -> None:
    fill(tmp_path, range(1, 4))
    with opened(tmp_path) as files:
        files.acknowledge(3)
    for _ in range(2):
        with opened(tmp_path) as files:
            assert (sequences(files), files.last_sequence) == ([], 3)


@pytest.mark.parametrize("content", [b"", b"\x03", b"\x03" + bytes(11)])
def test_a_damaged_acknowledgement_means_none(tmp_path: Path, content: bytes) -> None:
    fill(tmp_path, range(1, 4))
    (tmp_path / "acknowledged").write_bytes(content)
    with opened(tmp_path) as files:
        assert sequences(files) == [1, 2, 3]


@given(st.integers(1, 3 * (len(payload(1)) + HEADER.size)))
def test_a_queue_that_was_cut_off_has_every_whole_record(
    tmp_path_factory: pytest.TempPathFactory, missing: int
) -> None:
    folder = tmp_path_factory.mktemp("queue")
    fill(folder, range(1, 4))
    (segment,) = segments(folder)
    segment.write_bytes(segment.read_bytes()[:-missing])
    whole = len(segment.read_bytes()) // (len(payload(1)) + HEADER.size)
    with opened(folder) as files:
        assert (sequences(files), files.damaged) == (list(range(1, whole + 1)), 0)
        files.append(whole + 1, 3, payload(whole + 1))
        files.sync()
    with opened(folder) as files:
        assert sequences(files) == list(range(1, whole + 2))


def test_damage_before_the_end_skips_the_rest_of_its_segment(tmp_path: Path) -> None:
    fill(tmp_path, range(1, 50))
    first, *_ = segments(tmp_path)
    data = bytearray(first.read_bytes())
    data[-1] ^= 0xFF
    first.write_bytes(data)
    second = int(segments(tmp_path)[1].stem)
    with opened(tmp_path) as files:
        assert files.damaged == 1
        assert sequences(files) == [*range(1, second - 1), *range(second, 50)]


def test_damage_in_the_middle_of_the_last_segment_is_reported(tmp_path: Path) -> None:
    fill(tmp_path, range(1, 4))
    (segment,) = segments(tmp_path)
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 0xFF
    segment.write_bytes(data)
    with opened(tmp_path) as files:
        assert (sequences(files), files.damaged) == ([1], 1)
    with opened(tmp_path) as files:
        assert files.damaged == 0


def test_a_folder_has_one_writer(tmp_path: Path) -> None:
    with opened(tmp_path), pytest.raises(ServerError) as refused:
        QueueFiles(tmp_path, SEGMENT)
    assert refused.value.reason == "QUEUE_IN_USE"
    with opened(tmp_path) as files:
        assert not files.records


def test_a_folder_that_cannot_be_read_is_unlocked(tmp_path: Path) -> None:
    fill(tmp_path, range(1, 3))
    [segment] = segments(tmp_path)
    segment.unlink()
    segment.mkdir()
    with pytest.raises(OSError, match=segment.name):
        QueueFiles(tmp_path, SEGMENT)
    segment.rmdir()
    with opened(tmp_path) as files:
        assert sequences(files) == []


async def test_the_thread_of_a_folder_that_cannot_be_read_ends(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    # The error refers to the thread, which would otherwise end with its last reference.
    with pytest.raises(OSError, match="file") as refusal:
        await DiskStore.open(tmp_path / "file", 2**20)
    for thread in threading.enumerate():
        if thread.name.startswith("iotflow queue"):
            await asyncio.to_thread(thread.join, PATIENCE)
            assert not thread.is_alive(), refusal


def test_nothing_is_left_of_a_record_that_the_disk_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.pwrite

    def refuse(descriptor: int, data: bytes, offset: int) -> int:
        if offset > HEADER.size + 20:
            write(descriptor, data[:5], offset)
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data, offset)

    with opened(tmp_path) as files:
        files.append(1, 3, payload(1))
        files.append(2, 3, payload(2))
        monkeypatch.setattr(os, "pwrite", refuse)
        with pytest.raises(OSError, match="No space"):
            files.append(3, 3, payload(3))
        monkeypatch.undo()
        files.append(3, 3, payload(3))
        files.sync()
    with opened(tmp_path) as files:
        assert (sequences(files), files.damaged) == ([1, 2, 3], 0)


def test_a_deleted_active_segment_is_replaced_by_another(tmp_path: Path) -> None:
    with opened(tmp_path) as files:
        record = files.append(1, 3, payload(1))
        files.delete(record.segment)
        files.append(2, 3, payload(2))
        files.sync()
    with opened(tmp_path) as files:
        assert sequences(files) == [2]


def test_a_payload_that_is_no_batch_ends_its_segment(tmp_path: Path) -> None:
    with opened(tmp_path) as files:
        files.append(1, 3, payload(1))
        files.append(2, 3, b"\xff\xff")
        files.append(3, 3, payload(3))
        files.sync()
    with opened(tmp_path) as files:
        assert (sequences(files), files.damaged) == ([1], 1)


def test_a_segment_begins_where_the_next_record_would_exceed_its_size(tmp_path: Path) -> None:
    record = HEADER.size + len(payload(1))
    for size, expected in ((2 * record, [1, 1, 3]), (2 * record - 1, [1, 2, 3]), (1, [1, 2, 3])):
        with opened(tmp_path / str(size), size) as files:
            assert [files.append(number, 3, payload(number)).segment for number in (1, 2, 3)] == expected


def test_other_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.batches").write_text("mine")
    with opened(tmp_path) as files:
        assert (sequences(files), files.damaged) == ([], 0)
    assert (tmp_path / "notes.batches").read_text() == "mine"


def test_records_are_cut_from_the_segment_that_is_written_only(tmp_path: Path) -> None:
    with opened(tmp_path, 2 * (HEADER.size + len(payload(1)))) as files:
        _, second = files.append(1, 3, payload(1)), files.append(2, 3, payload(2))
        files.cut(second)
        before = files.append(3, 3, payload(3))
        files.append(4, 3, payload(4))
        files.cut(before)
        files.append(5, 3, payload(5))
        files.sync()
    with opened(tmp_path) as files:
        assert sequences(files) == [1, 3, 4, 5]


def test_a_folder_in_which_no_segment_can_begin_has_no_open_file_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with opened(tmp_path) as files:
        before = len(os.listdir("/proc/self/fd"))
        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="Input/output error"):
            files.append(1, 3, payload(1))
        monkeypatch.undo()
        assert len(os.listdir("/proc/self/fd")) == before
        files.append(1, 3, payload(1))
        files.sync()
    with opened(tmp_path) as files:
        assert sequences(files) == [1]
