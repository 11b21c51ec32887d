"""Memory of processes under test, in bytes."""

from collections.abc import Iterator
from pathlib import Path


def processes(pid: int) -> Iterator[int]:
    """A process and all its descendants."""
    yield pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield from processes(int(child))


def resident(pid: int) -> int:
    """The memory that is resident now."""
    return _status(pid, "VmRSS")


def peak(pid: int) -> int:
    """The largest resident memory since the last call of forget_peak, or since the start."""
    return _status(pid, "VmHWM")


def forget_peak(pid: int) -> None:
    """Set the peak to the memory that is resident now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def _status(pid: int, field: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:"))
