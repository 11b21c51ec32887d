"""The example for MicroPython runs unchanged, with a stand-in for the package that MicroPython has."""

import os
import subprocess
import sys
from pathlib import Path

import httpx

from tests.support.processes import free_port
from tests.support.service import iotflow_up

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "micropython" / "main.py"
STAND_IN = Path(__file__).with_name("micropython")


def test_the_example_stores_readings_and_handles_a_command(tmp_path: Path) -> None:
    port = free_port()
    with iotflow_up(tmp_path / "data", None, "--broker", "embedded", "--mqtt-port", str(port)) as service:
        headers = {"Authorization": f"Bearer {service.admin_token}"}
        with httpx.Client(base_url=f"{service.rest}/api/v1", headers=headers) as admin:
            device = admin.post("/devices/register", json={"name": "board"}).json()["device"]
            facts = {"HOST": "127.0.0.1", "PORT": port, "DEVICE_ID": device["id"], "API_KEY": device["api_key"]}
            (tmp_path / "settings.py").write_text("".join(f"{name} = {value!r}\n" for name, value in facts.items()))
            command = {"name": "blink", "parameters": {"n": 3}}
            sent = admin.post(f"/admin/devices/{device['id']}/commands", json=command).json()["command"]
            env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(STAND_IN), str(tmp_path)])}
            run = subprocess.run([sys.executable, str(EXAMPLE)], env=env, capture_output=True, text=True, timeout=60)
            assert (run.returncode, run.stdout) == (0, "stored 3 readings\nhandled blink\n"), run.stderr
            stored = admin.get(f"/admin/commands/{sent['id']}").json()["command"]
            assert (stored["state"], stored["result"]) == ("succeeded", {"n": 3})
