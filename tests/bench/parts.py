"""The parts of the measurement. Each is a module of this package, and runs in a process of its own, in bounded time."""

import os
import signal
import subprocess
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

PARTS = (
    "journal",
    "streams",
    "gateways",
    "unary",
    "imports",
    "fleet",
    "exports",
    "frames",
    "clients",
    "fanout",
    "commands",
    "iotdb_streams",
    "iotdb_fleet",
    "iotdb_queries",
    "mqtt",
    "bystanders",
)
# Parts that need more than the packages of the tests: `make bench-peers`.
APART = ("peers",)
ROOT = Path(__file__).resolve().parents[2]
# The time limit of a run, and the time after it for stopping its servers.
RUN_SECONDS, STOP_SECONDS = 900.0, 60.0


def check_parts(parts: Collection[str]) -> None:
    """Exit with a message if a part does not exist."""
    if unknown := set(parts) - {*PARTS, *APART}:
        sys.exit(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join((*PARTS, *APART))}")


class PartFailed(Exception):
    """A part ended with an error, or did not end in time."""


def run_part(part: str, options: Sequence[str] = (), root: Path = ROOT, projects: Sequence[Path] = ()) -> str:
    """The output of a run of a part. root: the tree whose measurement runs; projects: folders of the product.

    Raises PartFailed.
    """
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, projects))}
    command = [sys.executable, "-m", "tests.bench", *options, part]
    with subprocess.Popen(command, cwd=root, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            output, _ = process.communicate(timeout=RUN_SECONDS)
        except subprocess.TimeoutExpired:
            _interrupt(process)
            raise PartFailed(f"{part} did not end within {RUN_SECONDS:.0f} s") from None
    if process.returncode:
        raise PartFailed(f"{part} ended with code {process.returncode}")
    return output


def _interrupt(process: subprocess.Popen[str]) -> None:
    # Interrupted first: the run ends the process groups of its servers.
    process.send_signal(signal.SIGINT)
    try:
        process.communicate(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
