"""The programs of the client's README run as they are written."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes import serving_port
from tests.support.server_process import server

README = Path(__file__).resolve().parents[3] / "clients" / "python" / "README.md"
PROGRAMS = re.findall(r"^```python\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)
OUTPUTS = (r"\d+ \S+\n21\.5\n", r"10000\n")


@pytest.mark.parametrize(("program", "output"), list(zip(PROGRAMS, OUTPUTS, strict=True)), ids=["sync", "asyncio"])
def test_a_program_has_its_output(program: str, output: str, tmp_path: Path) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    with server(folder) as (process, _):
        text = program.replace("127.0.0.1:50051", f"127.0.0.1:{serving_port(process)}")
        run = subprocess.run([sys.executable, "-c", text], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    assert re.fullmatch(output, run.stdout), run.stdout
