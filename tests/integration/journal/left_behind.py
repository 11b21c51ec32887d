"""A journal that its process has left behind."""

import subprocess
import sys
from pathlib import Path

from tests.integration.journal.repository import REPOSITORY

# Writes some readings to its journal while the backend is away, and is killed.
LEAVER = """
import asyncio, os, signal, sys, time
from pathlib import Path
from tests.contract.readings import doubles
from tests.integration.journal.forgetful import ForgetfulBackend, journaled

async def main():
    folder, counted = Path(sys.argv[1]), int(sys.argv[2])
    time.monotonic_ns = lambda real=time.monotonic_ns: real() + counted
    backend = ForgetfulBackend(folder)
    store = journaled(backend, folder / "journals")
    await store.start()
    backend.away = True
    for value in sys.argv[3:]:
        await store.write([doubles(1, {1: float(value)})])
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


def leave_behind(folder: Path, *values: int, uptime: int = 0) -> None:
    """uptime: nanoseconds added to the uptime of the machine."""
    command = [sys.executable, "-c", LEAVER, str(folder), str(uptime), *map(str, values)]
    left = subprocess.run(command, cwd=REPOSITORY, capture_output=True, check=False, timeout=60)
    assert left.returncode == -9, left.stderr
