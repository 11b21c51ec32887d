"""The folder of a queue on disk: nothing that was synchronized is lost, and damage is noticed."""

import asyncio
import errno
import os
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from grpc import StatusCode
from hypothesis import given
from hypothesis import strategies as st

from iotflow.contract import LARGEST_DEVICE_ID
from iotflow.disk_store import DiskStore
from iotflow.errors import ServerError
from iotflow.queue_files import QueueFiles
from iotflow.queue_records import HEADER, RecordDamaged
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


def test_the_last_record_of_the_last_segment_may_be_torn_in_any_way(tmp_path: Path) -> None:
    """A process that ended while it wrote leaves a record of which any byte is missing or another one."""
    fill(tmp_path, range(1, 4))
    (segment,) = segments(tmp_path)
    whole = segment.read_bytes()
    size = HEADER.size + len(payload(1))
    torn = [whole[:-1] + b"?", whole[: -size + 4] + bytes(size - 4), *(whole[:-missing] for missing in range(1, size))]
    for content in torn:
        segment.write_bytes(content)
        with opened(tmp_path) as files:
            assert (sequences(files), files.damaged) == ([1, 2], 0)
        assert segment.read_bytes() == whole[: 2 * size]


@pytest.mark.parametrize("zeros", [1, 8, 9, 4096])
def test_zeros_at_the_end_of_the_last_segment_are_cut_off(tmp_path: Path, zeros: int) -> None:
    """A file system that ended before it wrote the data of a file may leave zeros there, also behind a record in pieces."""
    fill(tmp_path, range(1, 4))
    (segment,) = segments(tmp_path)
    whole = segment.read_bytes()
    for content, kept in ((whole, 3), (whole[:-1] + b"?", 2), (whole[:-1] + b"\0", 2)):
        segment.write_bytes(content + bytes(zeros))
        with opened(tmp_path) as files:
            assert (sequences(files), files.damaged) == (list(range(1, kept + 1)), 0)
        assert segment.read_bytes() == whole[: kept * len(whole) // 3]


def test_a_record_without_a_sequence_is_damage(tmp_path: Path) -> None:
    fill(tmp_path, range(1, 2))
    (segment,) = segments(tmp_path)
    record = segment.read_bytes()
    segment.write_bytes(record + bytes(HEADER.size) + record)
    with opened(tmp_path) as files:
        assert (sequences(files), files.damaged) == ([1], 1)


@pytest.mark.parametrize("name", ["7.batches", "notes.batches", f"{7:021d}.batches", "٠" * 20 + ".batches"])
def test_a_file_that_is_no_segment_is_left_alone(tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture) -> None:
    fill(tmp_path, range(1, 4))
    (tmp_path / name).write_bytes(b"?")
    with opened(tmp_path) as files:
        files.acknowledge(3)
        assert (sequences(files), files.damaged) == ([1, 2, 3], 0)
    with opened(tmp_path) as files:
        assert (sequences(files), files.last_sequence) == ([], 3)
    assert (tmp_path / name).read_bytes() == b"?"
    assert name in caplog.text


def test_damage_before_the_last_segment_is_counted_for_each_segment_and_left_as_it_is(tmp_path: Path) -> None:
    fill(tmp_path, range(1, 50))
    first, second, *_ = segments(tmp_path)
    contents = [first.read_bytes()[:-1], second.read_bytes()[:-1]]
    for segment, content in zip((first, second), contents, strict=True):
        segment.write_bytes(content)
    with opened(tmp_path) as files:
        assert (files.damaged, files.last_sequence) == (2, 49)
    assert [first.read_bytes(), second.read_bytes()] == contents


def test_the_format_of_the_folder(tmp_path: Path) -> None:
    """As clients/BEHAVIOUR.md states it; another client may have written it, or may read it."""
    first, second = payload(7), payload(300)
    records = b"".join(
        len(each).to_bytes(4, "little") + zlib.crc32(each).to_bytes(4, "little") + each for each in (first, second)
    )
    number = (5).to_bytes(8, "little")
    acknowledged = number + zlib.crc32(number).to_bytes(4, "little")
    with opened(tmp_path / "written") as files:
        for sequence, one in ((7, first), (300, second)):
            files.append(sequence, 3, one)
        files.sync()
        files.acknowledge(5)
    written = {path.name: path.read_bytes() for path in (tmp_path / "written").iterdir()}
    assert written == {"00000000000000000007.batches": records, "acknowledged": acknowledged, "lock": b""}
    read = tmp_path / "read"
    read.mkdir()
    (read / "00000000000000000007.batches").write_bytes(records)
    (read / "acknowledged").write_bytes(acknowledged)
    with opened(read) as files:
        assert [(one.sequence, one.rows, files.read(one)) for one in files.records] == [(7, 3, first), (300, 3, second)]
        assert (files.last_sequence, files.damaged) == (300, 0)


def test_the_device_of_the_batches_is_stored(tmp_path: Path) -> None:
    with opened(tmp_path) as files:
        assert files.device is None
        for device_id in (7, LARGEST_DEVICE_ID):
            files.claim(device_id)
            assert (tmp_path / "device").read_bytes() == b"%d\n" % device_id
    with opened(tmp_path) as files:
        assert files.device == LARGEST_DEVICE_ID


def replace(segment: Path) -> None:
    (segment.parent / "other").write_bytes(b"?" * 500)
    (segment.parent / "other").replace(segment)


def make_folder(segment: Path) -> None:
    segment.unlink()
    segment.mkdir()


HARMS: dict[str, Callable[[Path], object]] = {
    "removed": Path.unlink,
    "cut off": lambda segment: os.truncate(segment, 0),
    "cut": lambda segment: os.truncate(segment, segment.stat().st_size - 1),
    "replaced": replace,
    "a folder": make_folder,
}


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
def test_a_record_that_is_no_longer_there_is_damage(tmp_path: Path, harm: Callable[[Path], object]) -> None:
    with opened(tmp_path, 1) as files:
        first, second, _ = [files.append(number, 3, payload(number)) for number in (1, 2, 3)]
        harm(segments(tmp_path)[1])
        assert files.read(first) == payload(1)
        with pytest.raises(RecordDamaged):
            files.read(second)


@pytest.mark.parametrize("byte", range(HEADER.size + len(payload(1))))
def test_a_record_of_which_a_byte_has_changed_is_damage(tmp_path: Path, byte: int) -> None:
    with opened(tmp_path) as files:
        before, changed, after = [files.append(number, 3, payload(number)) for number in (1, 2, 3)]
        (segment,) = segments(tmp_path)
        content = bytearray(segment.read_bytes())
        content[changed.offset - HEADER.size + byte] ^= 0x10
        segment.write_bytes(content)
        assert [files.read(before), files.read(after)] == [payload(1), payload(3)]
        with pytest.raises(RecordDamaged, match=segment.name):
            files.read(changed)


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
def test_nothing_is_appended_to_a_segment_that_was_harmed(tmp_path: Path, harm: Callable[[Path], object]) -> None:
    """The next opening would not find it."""
    with opened(tmp_path) as files:
        files.append(1, 3, payload(1))
        harm(segments(tmp_path)[0])
        assert files.append(2, 3, payload(2)).segment == 2
        assert files.append(3, 3, payload(3)).segment == 2


def test_nothing_is_appended_to_a_segment_that_was_found_to_be_damaged(tmp_path: Path) -> None:
    with opened(tmp_path) as files:
        record = files.append(1, 3, payload(1))
        (segment,) = segments(tmp_path)
        segment.write_bytes(bytes(segment.stat().st_size))
        with pytest.raises(RecordDamaged):
            files.read(record)
        files.append(2, 3, payload(2))
    with opened(tmp_path) as files:
        assert (sequences(files), files.damaged) == ([2], 1)


def test_an_error_that_may_pass_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    with opened(tmp_path) as files:
        record = files.append(1, 3, payload(1))
        with monkeypatch.context() as patch, pytest.raises(OSError, match="Too many open files"):
            patch.setattr(Path, "open", fail)
            files.read(record)
        assert files.read(record) == payload(1)


def test_a_sector_that_the_disk_has_lost_is_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with opened(tmp_path) as files:
        record = files.append(1, 3, payload(1))
        monkeypatch.setattr(Path, "open", fail)
        with pytest.raises(RecordDamaged, match="Input/output error"):
            files.read(record)


def test_records_are_where_they_were_written(tmp_path: Path) -> None:
    with opened(tmp_path) as files:
        written = [files.append(number, rows, payload(number, rows)) for number, rows in ((1, 3), (2, 400), (300, 5))]
        files.sync()
        assert [files.read(record) for record in written] == [payload(1, 3), payload(2, 400), payload(300, 5)]
    with opened(tmp_path) as files:
        assert files.records == written


def test_a_new_folder_is_empty_and_its_parents_are_made(tmp_path: Path) -> None:
    with opened(tmp_path / "some" / "queue") as files:
        assert (files.records, files.last_sequence, files.damaged) == ([], 0, 0)
        # Nothing was written.
        files.sync()
        assert segments(tmp_path / "some" / "queue") == []


@pytest.mark.parametrize("acknowledged", [0, 1, 3, 9])
def test_records_up_to_the_acknowledged_sequence_are_settled(tmp_path: Path, acknowledged: int) -> None:
    fill(tmp_path, range(1, 4))
    with opened(tmp_path) as files:
        files.acknowledge(acknowledged)
    with opened(tmp_path) as files:
        assert sequences(files) == list(range(acknowledged + 1, 4))
        assert files.last_sequence == max(acknowledged, 3)
    assert len(segments(tmp_path)) == (acknowledged < 3)


@pytest.mark.parametrize("difference", [-1, 1])
def test_a_checksum_that_differs_in_any_way_is_damage(tmp_path: Path, difference: int) -> None:
    fill(tmp_path, range(1, 3))
    with opened(tmp_path) as files:
        files.acknowledge(1)
    acknowledged, (segment,) = tmp_path / "acknowledged", segments(tmp_path)
    number, data = acknowledged.read_bytes()[:8], bytearray(segment.read_bytes())
    acknowledged.write_bytes(number + (zlib.crc32(number) + difference).to_bytes(4, "little"))
    with opened(tmp_path) as files:
        assert sequences(files) == [1, 2]
    check = (zlib.crc32(payload(1)) + difference).to_bytes(4, "little")
    segment.write_bytes(data[:4] + check + data[8:])
    with opened(tmp_path) as files:
        assert (sequences(files), files.damaged) == ([], 1)


def test_an_acknowledgement_with_more_bytes_means_none(tmp_path: Path) -> None:
    fill(tmp_path, range(1, 4))
    with opened(tmp_path) as files:
        files.acknowledge(2)
    with (tmp_path / "acknowledged").open("ab") as file:
        file.write(b"?")
    with opened(tmp_path) as files:
        assert sequences(files) == [1, 2, 3]


def test_records_of_many_segments_are_in_order(tmp_path: Path) -> None:
    with opened(tmp_path, 1) as files:
        for number in (1, 2, 9, 10, 11, 100):
            files.append(number, 3, payload(number))
    with opened(tmp_path) as files:
        assert sequences(files) == [1, 2, 9, 10, 11, 100]


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_no_file_stays_open(tmp_path: Path) -> None:
    before = open_files()
    for _ in range(2):
        with opened(tmp_path, 1) as files:
            with pytest.raises(ServerError):
                QueueFiles(tmp_path, SEGMENT)
            # The lock, and the segment that is written.
            for number in (1, 2, 3):
                files.append(number, 3, payload(number))
                assert open_files() == before + 2
            files.delete(3)
            assert open_files() == before + 1
            files.append(4, 3, payload(4))
        assert open_files() == before


def test_other_users_cannot_read_the_files(tmp_path: Path) -> None:
    folder = tmp_path / "some" / "queue"
    mask = os.umask(0)
    try:
        fill(folder, range(1, 2))
        with opened(folder) as files:
            files.acknowledge(0)
            files.claim(7)
    finally:
        os.umask(mask)
    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert modes == dict.fromkeys(["lock", segments(folder)[0].name, "acknowledged", "device"], 0o600)
    assert [path.stat().st_mode & 0o777 for path in (folder, folder.parent)] == [0o700] * 2


@pytest.mark.parametrize("name", [f"{1:020d}.batches", "acknowledged.new", "device.new", "lock"])
def test_no_file_is_made_through_a_symbolic_link(tmp_path: Path, name: str) -> None:
    folder, other = tmp_path / "queue", tmp_path / "other"
    with opened(folder) as files:
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(other)
        acts: list[Callable[[], object]] = [
            lambda: files.append(1, 3, payload(1)),
            lambda: files.acknowledge(1),
            lambda: files.claim(7),
            lambda: QueueFiles(folder, SEGMENT),
        ]
        failed = list[OSError]()
        for act in acts:
            with suppress(ServerError):
                try:
                    act()
                except OSError as error:
                    failed.append(error)
        assert [error.errno for error in failed] == [errno.ELOOP]
    assert not other.exists()


def test_a_segment_begins_empty_also_where_a_file_has_its_name(tmp_path: Path) -> None:
    with opened(tmp_path) as files:
        (tmp_path / f"{1:020d}.batches").write_bytes(b"?" * 500)
        files.append(1, 3, payload(1))
        assert segments(tmp_path)[0].stat().st_size == HEADER.size + len(payload(1))


def test_deleting_other_segments_leaves_the_one_that_is_written(tmp_path: Path) -> None:
    with opened(tmp_path, 2 * (HEADER.size + len(payload(1)))) as files:
        for number in (1, 2, 3):
            files.append(number, 3, payload(number))
        for segment in (1, 1, 9):
            files.delete(segment)
        assert files.append(4, 3, payload(4)).segment == 3
        assert [path.name for path in segments(tmp_path)] == [f"{3:020d}.batches"]


@pytest.mark.parametrize(("cut", "kept"), [(0, []), (1, [1]), (2, [1, 2])])
def test_a_record_and_those_after_it_are_cut(tmp_path: Path, cut: int, kept: list[int]) -> None:
    with opened(tmp_path) as files:
        records = [files.append(number, 3, payload(number)) for number in (1, 2, 3)]
        files.cut(records[cut])
        assert segments(tmp_path)[0].stat().st_size == len(kept) * (HEADER.size + len(payload(1)))
        files.append(4, 3, payload(4))
    with opened(tmp_path) as files:
        assert (sequences(files), files.damaged) == ([*kept, 4], 0)


def test_nothing_is_cut_before_a_segment_begins(tmp_path: Path) -> None:
    fill(tmp_path, range(1, 4))
    with opened(tmp_path) as files:
        files.cut(files.records[0])
    with opened(tmp_path) as files:
        assert sequences(files) == [1, 2, 3]


@pytest.fixture
def synchronized(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Name and size of each file or folder that was synchronized, in order."""
    found, fsync = list[tuple[str, int]](), os.fsync

    def record(descriptor: int) -> None:
        path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        found.append((path.name, path.stat().st_size if path.is_file() else 0))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    return found


def test_a_segment_and_its_name_are_durable_before_the_next_one_begins(
    tmp_path: Path, synchronized: list[tuple[str, int]]
) -> None:
    record, folder = HEADER.size + len(payload(1)), (tmp_path.name, 0)
    first, second = ((f"{number:020d}.batches", 2 * record) for number in (1, 3))
    with opened(tmp_path, 2 * record) as files:
        for number in (1, 2):
            files.append(number, 3, payload(number))
        assert synchronized == [folder]
        files.append(3, 3, payload(3))
        assert synchronized == [folder, first, folder]
        files.append(4, 3, payload(4))
        files.sync()
        assert synchronized == [folder, first, folder, second]


def test_the_error_of_a_synchronization_is_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with opened(tmp_path, 1) as files:
        files.append(1, 3, payload(1))
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", fail)
            with pytest.raises(OSError, match="Input/output error"):
                files.sync()
            with pytest.raises(OSError, match="Input/output error"):
                files.append(2, 3, payload(2))
        assert len(segments(tmp_path)) == 1


def test_a_record_that_the_system_takes_in_pieces_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, pieces = os.pwrite, list[int]()

    def write_some(descriptor: int, data: bytes, offset: int) -> int:
        pieces.append(write(descriptor, data[:5], offset))
        return pieces[-1]

    with opened(tmp_path) as files:
        with monkeypatch.context() as patch:
            patch.setattr(os, "pwrite", write_some)
            for number in (1, 2):
                files.append(number, 3, payload(number))
        assert sum(pieces) == 2 * (HEADER.size + len(payload(1)))
    with opened(tmp_path) as files:
        assert [files.read(record) for record in files.records] == [payload(1), payload(2)]


def test_a_record_that_cannot_be_taken_back_is_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.pwrite

    def refuse(descriptor: int, data: bytes, offset: int) -> int:
        write(descriptor, data[:5], offset)
        raise OSError(errno.ENOSPC, "No space left on device")

    def fail(_descriptor: int, _size: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with opened(tmp_path) as files:
        files.append(1, 3, payload(1))
        with monkeypatch.context() as patch:
            patch.setattr(os, "pwrite", refuse)
            patch.setattr(os, "ftruncate", fail)
            with pytest.raises(OSError, match="No space"):
                files.append(2, 3, payload(2))
        files.append(2, 3, payload(2))
    with opened(tmp_path) as files:
        assert (sequences(files), files.damaged) == ([1, 2], 0)


def test_the_error_of_a_second_writer_names_the_folder(tmp_path: Path) -> None:
    with opened(tmp_path), pytest.raises(ServerError, match=f"queue in {tmp_path}. Give each writer") as refused:
        QueueFiles(tmp_path, SEGMENT)
    assert (refused.value.code, refused.value.retryable) == (StatusCode.FAILED_PRECONDITION, False)


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
        content = segments(tmp_path)[0].read_bytes()
        monkeypatch.setattr(os, "pwrite", refuse)
        with pytest.raises(OSError, match="No space"):
            files.append(3, 3, payload(3))
        monkeypatch.undo()
        assert [segment.read_bytes() for segment in segments(tmp_path)] == [content]
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
