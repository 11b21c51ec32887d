"""Log files are bounded, and are followed across their rotations."""

import stat
from contextlib import closing
from pathlib import Path

import pytest

from iotflow_cli.main import main
from iotflow_cli.running.log_files import FOLDER, LogFolder, RotatingLog, parts_in
from iotflow_cli.running.log_reading import FollowedFile


def test_a_log_is_bounded(tmp_path: Path) -> None:
    log = RotatingLog(tmp_path / "server.log", limit=100, kept=2)
    for number in range(100):
        log.write(f"line {number}")
    log.close()
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["server.log", "server.log.1", "server.log.2"]
    assert all(file.stat().st_size <= 100 for file in files)
    assert files[0].read_text().endswith("line 99\n")
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600


def test_a_second_run_appends(tmp_path: Path) -> None:
    for line in ("first", "second"):
        log = RotatingLog(tmp_path / "server.log")
        log.write(line)
        log.close()
    assert (tmp_path / "server.log").read_text() == "first\nsecond\n"


def test_a_folder_that_cannot_be_written_ends_nothing(tmp_path: Path) -> None:
    log = RotatingLog(tmp_path / "absent" / "server.log")
    log.write("lost")
    (tmp_path / "absent").mkdir()
    log.write("kept")
    assert (tmp_path / "absent" / "server.log").read_text() == "kept\n"
    log.close()


def test_a_follower_misses_no_line_of_a_rotation(tmp_path: Path) -> None:
    log = RotatingLog(tmp_path / "server.log", limit=40, kept=3)
    follower = FollowedFile(tmp_path / "server.log")
    seen = []
    for number in range(30):
        log.write(f"line {number}")
        seen += follower.new()
    log.close()
    follower.close()
    assert seen == [f"line {number}" for number in range(30)]


def test_the_last_lines_reach_into_older_files(tmp_path: Path) -> None:
    log = RotatingLog(tmp_path / "server.log", limit=40, kept=3)
    for number in range(20):
        log.write(f"line {number}")
    log.close()
    with closing(FollowedFile(tmp_path / "server.log")) as file:
        assert file.last(7) == [f"line {number}" for number in range(13, 20)]


def test_logs_of_all_parts_name_the_part(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = LogFolder(tmp_path)
    folder.writer("server")("ready")
    folder.writer("mqtt")("connected")
    folder.close()
    assert parts_in(tmp_path) == ["mqtt", "server"]
    assert stat.S_IMODE((tmp_path / FOLDER).stat().st_mode) == 0o700
    assert main(["logs", "--data-dir", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "mqtt   | connected\nserver | ready\n"
