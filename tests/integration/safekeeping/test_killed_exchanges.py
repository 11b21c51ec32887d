"""A process that is killed at any step of an exchange leaves the earlier content or the new one."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from iotflow_server.data_folder import SAFEKEEPING_LOCK, SERVER_LOCK, reserved
from tests.support.safekeeping import content_of

SCRIPT = Path(__file__).with_name("exchanged.py")
EARLIER = {name: name.encode() for name in ("journal/record", "registry.db", "registry.db-wal", "telemetry.db")}
NEW = dict.fromkeys(("journal/record", "key-secret", "registry.db"), b"new")
KEPT = {"logs/server": b"log"}
MOST_STEPS = 200


def made(folder: Path) -> Path:
    for name, data in {**EARLIER, **KEPT}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


@pytest.mark.parametrize("lock", [SERVER_LOCK, SAFEKEEPING_LOCK])
def test_a_kill_at_any_step_leaves_one_of_both(tmp_path: Path, lock: str) -> None:
    states = []
    for step in range(1, MOST_STEPS):
        folder = made(tmp_path / str(step))
        code = subprocess.run([sys.executable, SCRIPT, folder, str(step)]).returncode
        if code == 0:
            break
        assert code == -signal.SIGKILL
        # The next server, backup or restore finishes or discards the exchange.
        with reserved(folder, lock):
            found = content_of(folder)
        aside = {f"aside/{name}": data for name, data in EARLIER.items()}
        assert found in ({**EARLIER, **KEPT}, {**NEW, **KEPT, **aside}), step
        states.append("registry.db-wal" in found)
    assert code == 0
    # Both occur, and the earlier one comes first.
    assert states == sorted(states, reverse=True)
    assert {True, False} == set(states)
