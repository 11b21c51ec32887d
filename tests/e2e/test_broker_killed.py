"""A Mosquitto that is killed loses what it acknowledged since it wrote its file; a verification counts that apart if it is stated."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import IOTFLOW, Running, children, free_port, running
from tests.support.service import iotflow_up

SCENARIO = (
    "{name: killed, duration: 30s, fleets: [{name: killed, model: basic, devices: 10, interval: 200ms, door: mqtt}]}"
)
LONG = 120.0
pytestmark = pytest.mark.timeout(300)


@contextmanager
def killed_at_last(pid: int) -> Iterator[None]:
    """The process does nothing meanwhile, and is killed then, with what its connections hold."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGKILL)


def part(up: Running, name: str) -> int:
    """The process id of a part of the service."""
    [pid] = [pid for command, pid in children(up.pid).items() if name in command]
    return pid


def acknowledged(run: Running) -> int:
    """Readings that were acknowledged, as the run said last."""
    found = re.findall(r"(\d[\d,]*) acknowledged", run.output)
    return int(found[-1].replace(",", "")) if found else 0


def wait_until_more_are_acknowledged(run: Running) -> None:
    """Until the next line of progress."""
    before, deadline = acknowledged(run), time.monotonic() + LONG
    while acknowledged(run) <= before:
        assert time.monotonic() < deadline, run.output
        time.sleep(0.05)


def wait_until_unsaved(file: Path) -> None:
    """Until Mosquitto's file, if there is one yet, is old enough that readings came after it."""
    while file.exists() and time.time() - file.stat().st_mtime < 2:
        time.sleep(0.05)


def verified(folder: Path, env: dict[str, str], *options: str) -> tuple[int, dict[str, Any]]:
    """The exit code, and the row of the table."""
    command = [IOTFLOW, "verify", "killed.ledger", "--wait", "2s", "--json", *options]
    ended = subprocess.run(command, cwd=folder, env={**os.environ, **env}, capture_output=True, text=True, timeout=LONG)
    row: dict[str, Any] = json.loads(ended.stdout.splitlines()[0])
    return ended.returncode, row


def test_what_a_killed_mosquitto_lost_is_counted_apart_if_the_kill_is_stated(tmp_path: Path) -> None:
    (tmp_path / "killed.yaml").write_text(SCENARIO)
    env = {"IOTFLOW_DATA_DIR": str(tmp_path / "data"), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    command = [IOTFLOW, "simulate", "killed.yaml", "--ledger", "killed.ledger"]
    options = ("--broker", "mosquitto", "--mqtt-port", str(free_port()))
    with iotflow_up(tmp_path / "data", None, *options) as service:
        with running(command, env, tmp_path) as run:
            wait_until_more_are_acknowledged(run)
            # Readings wait in the broker, which acknowledges them, until the adapter takes them.
            with killed_at_last(part(service.process, "iotflow_gateway")):
                wait_until_more_are_acknowledged(run)
                wait_until_unsaved(tmp_path / "data/mosquitto/mosquitto.db")
                os.kill(part(service.process, "mosquitto -c"), signal.SIGKILL)
                killed = datetime.now(UTC).isoformat(timespec="seconds")
            assert run.exit_code(LONG) == 0
        code, row = verified(tmp_path, env)
        assert code == 1
        assert row["lost"] > 0
        code, apart = verified(tmp_path, env, "--broker-killed-at", killed)
    assert (code, apart["lost"], apart["lost_by_killed_broker"]) == (0, 0, row["lost"])
    assert (row["wrong"], row["invented"], row["stored_though_refused"]) == (0, 0, 0)
