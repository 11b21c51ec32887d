"""After a crash, all records before the last write are read, and the last write completely or not at all."""

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from iotflow_server.telemetry.batch_encoding import decode
from iotflow_server.telemetry.journal.disk import folders
from iotflow_server.telemetry.journal.disk.journal_files import JournalFiles
from iotflow_server.telemetry.journal.disk.records import HEADER_SIZE, Record, read_records
from iotflow_server.telemetry.journal.disk.segments import Segment, SegmentWriter, open_segment
from iotflow_server.telemetry.journal.recovery.history import History
from tests.contract.readings import TEXT, batch, column, doubles

GROUPS = [
    [doubles(1, {1: 1.0})],
    [doubles(2, {time: float(time) for time in range(20)}), batch(1, [2], column("t", TEXT, ["two"]))],
    [doubles(3, {3: 3.0})],
]
SAME_FILE = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A complete segment of GROUPS."""
    files = JournalFiles(tmp_path / "journals", 2**20)
    files.open()
    for group in GROUPS:
        files.append([group])
    files.seal()
    files.close()
    return files.sealed[0].path


def opened(path: Path) -> Segment:
    segment = open_segment(path)
    assert segment is not None
    return segment


def records(path: Path) -> list[Record]:
    """The records that a replay would write."""
    return list(History(path.parents[1], 0).until(2**64))


def ends(path: Path) -> list[int]:
    """The end offsets of the records."""
    return [record.end for record in records(path)]


def devices(path: Path) -> list[list[int]]:
    """The devices of each group that is read."""
    return [[one.device_id for one in decode(record.payload)] for record in records(path)]


def test_a_segment_without_a_record_has_no_number(tmp_path: Path) -> None:
    (tmp_path / "journals").mkdir()
    writer = SegmentWriter(tmp_path / "journals" / "1.segment")
    writer.close()
    found = opened(writer.segment.path)
    assert (found.entries, found.first, found.last) == (0, 0, 0)


def test_a_complete_segment_is_read_completely(path: Path) -> None:
    assert devices(path) == [[1], [2, 1], [3]]
    assert opened(path).entries == 3
    assert ends(path)[-1] == path.stat().st_size


def test_a_segment_truncated_anywhere_in_its_last_record(path: Path) -> None:
    whole, last = path.read_bytes(), ends(path)[-2]
    for end in range(last, len(whole)):
        path.write_bytes(whole[:end])
        assert devices(path) == [[1], [2, 1]]
        path.write_bytes(whole[:end] + bytes(len(whole) - end))
        assert devices(path) == [[1], [2, 1]]


@SAME_FILE
@given(data=st.data(), damage=st.integers(1, 255))
def test_any_damaged_byte_of_the_last_record(path: Path, data: st.DataObject, damage: int) -> None:
    whole, last = path.read_bytes(), ends(path)[-2]
    place = data.draw(st.integers(last, len(whole) - 1))
    try:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ damage]) + whole[place + 1 :])
        assert devices(path) == [[1], [2, 1]]
    finally:
        path.write_bytes(whole)


@SAME_FILE
@given(rest=st.binary(max_size=2 * HEADER_SIZE))
def test_any_bytes_behind_the_last_record(path: Path, rest: bytes) -> None:
    whole = path.read_bytes()
    try:
        path.write_bytes(whole + rest)
        assert devices(path) == [[1], [2, 1], [3]]
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize("left", [b"", b"IFJ", bytes(16), bytes(5000)])
def test_a_segment_without_a_head_on_the_disk_is_removed(path: Path, left: bytes) -> None:
    path.write_bytes(left)
    assert open_segment(path) is None
    assert not path.exists()


def test_a_segment_of_another_layout_is_kept(path: Path) -> None:
    path.write_bytes(b"IFJRNL99" + bytes(100))
    assert open_segment(path) is None
    assert path.exists()


def test_preallocated_space_is_no_record_and_is_truncated(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path / "1.segment")
    writer.append([b"x" * 100], [1])
    assert writer.segment.path.stat().st_size > 2**20
    assert list(read_records(writer.segment.path, writer.segment.size)) == []
    writer.close()
    assert writer.segment.path.stat().st_size == writer.segment.size
    assert writer.segment.path.stat().st_mode & 0o777 == 0o600


@SAME_FILE
@given(data=st.data(), damage=st.integers(1, 255))
def test_a_damaged_byte_of_an_earlier_record_loses_only_that_record(
    path: Path, data: st.DataObject, damage: int
) -> None:
    whole, (first, second, _) = path.read_bytes(), ends(path)
    place = data.draw(st.integers(first, second - 1))
    try:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ damage]) + whole[place + 1 :])
        assert devices(path) == [[1], [3]]
        assert opened(path).last == records(path)[-1].number
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize("more", [1, 4, 16, 10_000])
def test_a_damaged_length_does_not_hide_the_records_behind_it(path: Path, more: int) -> None:
    """The length leads into the next record, to the end of the file at most."""
    whole, (first, second, third) = path.read_bytes(), ends(path)
    length = min(second - first + more, third - first) - HEADER_SIZE
    path.write_bytes(whole[: first + 4] + length.to_bytes(4, "little") + whole[first + 8 :])
    assert devices(path) == [[1], [3]]
    assert (opened(path).entries, opened(path).last) == (2, records(path)[-1].number)


@pytest.mark.parametrize("look", [b"IFJR", b"IFJR" + (2**20).to_bytes(4, "little") + bytes(12)])
def test_readings_that_look_like_records_are_skipped_quickly(path: Path, look: bytes) -> None:
    """Behind a damaged record with content of a device, as many such bytes as a segment may have."""
    (first, _, _), whole = ends(path), path.read_bytes()
    path.write_bytes(whole[:first] + look * (16 * 2**20 // len(look)))
    began = time.process_time()
    assert devices(path) == [[1]]
    assert time.process_time() - began < 20


def test_a_record_written_while_the_next_segment_is_looked_for_is_not_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = JournalFiles(tmp_path / "journals", 2**20)
    files.open()
    history = History(tmp_path / "journals", 0)
    files.append([GROUPS[0]])
    assert len(list(history.until(2**64))) == 1
    segments_in = folders.segments_in

    def after_two_writes(folder: Path) -> list[Path]:
        monkeypatch.undo()
        files.append([GROUPS[1]])
        files.seal()
        files.append([GROUPS[2]])
        return segments_in(folder)

    monkeypatch.setattr(folders, "segments_in", after_two_writes)
    found = [[one.device_id for one in decode(record.payload)] for record in history.until(2**64)]
    files.close()
    assert found == [[2, 1], [3]]
