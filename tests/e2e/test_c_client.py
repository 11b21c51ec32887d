"""The C client against the real service: the first example of its README, over MQTT."""

import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.support.processes import free_port
from tests.support.service import iotflow_up

CLIENT = Path(__file__).parents[2] / "clients/c"
SOURCES = (*sorted(CLIENT.glob("src/*.c")), *sorted(CLIENT.glob("ports/posix_*.c")), CLIENT / "examples/posix/main.c")
SECONDS = 60.0


def test_the_readme_shows_a_part_of_the_example() -> None:
    block = (CLIENT / "README.md").read_text().split("```c\n")[1].split("```")[0]
    assert unindented(block) in unindented((CLIENT / "examples/posix/main.c").read_text())


@pytest.mark.skipif(shutil.which("cc") is None, reason="a C compiler is not installed")
def test_the_example_stores_a_reading(tmp_path: Path) -> None:
    program, port = tmp_path / "first_reading", free_port()
    include = (f"-I{CLIENT / folder}" for folder in ("include", "ports"))
    subprocess.run(("cc", "-std=c99", *include, *map(str, SOURCES), "-o", str(program)), check=True)
    with iotflow_up(tmp_path / "data", None, "--broker", "embedded", "--mqtt-port", str(port)) as service:
        command = [str(program), "127.0.0.1", str(port), "porch"]
        run = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
        assert (run.returncode, run.stdout.splitlines()[-1:]) == (0, ["stored 1 rows"]), run.stdout + run.stderr
        headers = {"Authorization": f"Bearer {service.admin_token}"}
        with httpx.Client(base_url=f"{service.rest}/api/v1", headers=headers) as admin:
            [device] = admin.get("/admin/devices").json()["devices"]
            [reading] = admin.get(f"/telemetry/{device['id']}").json()["data"]
    assert device["name"] == "porch"
    assert (reading["temperature"], reading["door_open"]) == (21.5, False)


def unindented(text: str) -> str:
    """The lines without their indentation."""
    return "\n".join(line.strip() for line in text.strip().splitlines())
