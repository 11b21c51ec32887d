"""kill -9 during writes to journal and backend: every acknowledged batch survives."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.readings import contents
from tests.integration.journal.forgetful import ForgetfulBackend, caught_up, journaled, journals
from tests.integration.journal.repository import REPOSITORY

# Several devices write concurrently; each acknowledged reading is printed. The journal is emptied often.
WRITER = """
import asyncio, sys
from pathlib import Path
from tests.contract.readings import doubles
from tests.integration.journal.forgetful import ForgetfulBackend, journaled

async def write(store, device_id):
    for time in range(1_000_000):
        await store.write([doubles(device_id, {time: float(time)})])
        print(device_id, time, flush=True)

async def main():
    folder = Path(sys.argv[1])
    store = journaled(ForgetfulBackend(folder), folder / "journals", checkpoint_bytes=int(sys.argv[2]))
    await store.start()
    await asyncio.gather(*(write(store, device_id) for device_id in range(1, 6)))

asyncio.run(main())
"""


def write_until_killed(folder: Path, checkpoint_bytes: int, lines: int) -> set[tuple[int, int]]:
    """Returns the acknowledged (device, time) pairs."""
    command = [sys.executable, "-c", WRITER, str(folder), str(checkpoint_bytes)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=REPOSITORY
    ) as writer:
        assert writer.stdout is not None
        acknowledged: list[str] = []
        while len(acknowledged) < lines:
            line = writer.stdout.readline()
            assert line, "the writer ended by itself"
            acknowledged += [line] if line[0].isdigit() else []
        writer.kill()
        acknowledged += [line for line in writer.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    pairs = [line.split() for line in acknowledged if line[0].isdigit()]
    return {(int(device_id), int(time)) for device_id, time in pairs}


@pytest.mark.parametrize("checkpoint_bytes", [2**30, 20_000, 1])
async def test_nothing_acknowledged_is_lost(tmp_path: Path, checkpoint_bytes: int) -> None:
    acknowledged = write_until_killed(tmp_path, checkpoint_bytes, 1500)
    backend = ForgetfulBackend(tmp_path)
    await backend.start()
    await backend.restart()
    await backend.close()
    root = tmp_path / "journals"
    store = journaled(backend, root)
    await store.start()
    await caught_up(store)
    for device_id in range(1, 6):
        kept = await contents(backend, device_id)
        assert {time for _, time in kept} >= {time for one, time in acknowledged if one == device_id}
        assert all(value == time for (_, time), value in kept.items())
    await store.close()
    assert journals(root) == []
