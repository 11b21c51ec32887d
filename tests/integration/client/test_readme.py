"""The programs of the client's README run as they are written."""

import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from iotflow.sync import Client
from tests.support.processes import free_port, serving_port
from tests.support.server_process import server

README = Path(__file__).resolve().parents[3] / "clients" / "python" / "README.md"
PROGRAMS = re.findall(r"^```python\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)
FIRST, WITH_ASYNCIO = PROGRAMS
KEY = "greenhouse.key"
PATIENCE = 60.0


def command(program: str, port: int) -> list[str]:
    # Unbuffered, as on a terminal.
    return [sys.executable, "-u", "-c", program.replace("127.0.0.1:50051", f"127.0.0.1:{port}")]


def run(program: str, port: int, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command(program, port), cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


def test_the_programs_can_be_repeated_in_the_same_folder(tmp_path: Path) -> None:
    folder, data = tmp_path / "programs", tmp_path / "server"
    folder.mkdir()
    data.mkdir()
    with server(data) as (process, _):
        port = serving_port(process)
        for program, output in ((FIRST, ""), (FIRST, ""), (WITH_ASYNCIO, "10000\n"), (WITH_ASYNCIO, "10000\n")):
            outcome = run(program, port, folder)
            assert (outcome.returncode, outcome.stdout) == (0, output), outcome.stderr
        assert stat.S_IMODE((folder / KEY).stat().st_mode) == 0o600
        device_id = int((folder / "queue" / "device").read_text())
        with Client(f"127.0.0.1:{port}", api_key=(folder / KEY).read_text()) as client:
            assert client.latest(device_id).values == {"temperature": 21.5, "door": False}


def test_the_first_run_ends_with_the_cause_where_nothing_answers(tmp_path: Path) -> None:
    outcome = run(FIRST, free_port(), tmp_path)
    assert outcome.returncode == 1
    assert re.search(r"out of reach: .*Connection refused.*\(UNAVAILABLE\)", outcome.stderr), outcome.stderr


@pytest.mark.parametrize("program", PROGRAMS, ids=["sync", "asyncio"])
def test_a_later_run_shows_the_cause_where_nothing_answers(program: str, tmp_path: Path) -> None:
    (tmp_path / KEY).write_text("key")
    with subprocess.Popen(command(program, free_port()), cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            assert re.search(r"out of reach: .*Connection refused", process.stdout.readline())
            assert process.poll() is None
        finally:
            process.kill()
