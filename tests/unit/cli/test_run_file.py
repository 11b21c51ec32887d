"""The run file: which service runs on a data folder, and files that a killed run left behind."""

import dataclasses
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from iotflow_cli.main import main
from iotflow_cli.running.run_file import FILE_NAME, RunFile, read_run, remove_run
from iotflow_cli.running.run_record import RunRecord


@pytest.fixture
def run(tmp_path: Path) -> RunFile:
    """The run of this process, whose file is written."""
    run = RunFile.of_this_process(rest="http://127.0.0.1:5000", grpc_port=50051, options={"rest-port": "5000"})
    run.write(tmp_path)
    return run


def test_a_run_is_found_while_its_process_lives(run: RunFile, tmp_path: Path) -> None:
    assert read_run(tmp_path) == run
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600
    remove_run(tmp_path)
    assert read_run(tmp_path) is None


def test_the_record_of_a_run_has_its_parts_and_whether_it_is_ready(run: RunFile, tmp_path: Path) -> None:
    """From the start to the end of the run."""
    remove_run(tmp_path)
    record = RunRecord(tmp_path, run)
    assert read_run(tmp_path) == run
    for part, pid in (("server", 7), ("envoy", 8), ("server", 9)):
        record.part_is_ready(part, pid)
    found = read_run(tmp_path)
    assert found is not None
    assert (found.parts, found.is_ready) == ({"server": 9, "envoy": 8}, False)
    record.all_are_ready()
    assert read_run(tmp_path) == dataclasses.replace(found, is_ready=True)
    record.close()
    assert read_run(tmp_path) is None


def test_the_file_of_a_process_that_ended_is_stale(run: RunFile, tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dataclasses.replace(run, pid=ended.pid).write(tmp_path)
    assert read_run(tmp_path) is None


def test_another_process_with_the_same_id_is_not_the_run(run: RunFile, tmp_path: Path) -> None:
    dataclasses.replace(run, started="1").write(tmp_path)
    assert os.getpid() == run.pid
    assert read_run(tmp_path) is None


def test_a_run_on_another_host_counts_as_running(run: RunFile, tmp_path: Path) -> None:
    dataclasses.replace(run, host="elsewhere.example.com", pid=2**22 + 1).write(tmp_path)
    assert read_run(tmp_path) is not None


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"pid": 1, "unknown": 2}'])
def test_a_damaged_file_is_no_run(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE_NAME).write_text(content)
    assert read_run(tmp_path) is None


def test_commands_about_a_service_that_does_not_run_say_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = ["--data-dir", str(tmp_path)]
    assert main(["status", *folder]) == 3
    assert main(["restart", *folder]) == 3
    assert main(["logs", "server", *folder]) == 3
    assert "No service runs on the data folder" in capsys.readouterr().err
    assert main(["down", *folder]) == 0
