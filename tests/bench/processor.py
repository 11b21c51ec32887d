"""Processor time and memory of the processes of a measurement."""

import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path


def cpu_seconds(pids: Iterable[int]) -> float:
    """Processor time used so far, of all threads."""
    return sum(map(_ticks, pids)) / os.sysconf("SC_CLK_TCK")


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def peak_bytes(pid: int) -> int:
    """The peak of resident memory since forget_peak, or since the start."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024


def forget_peak(pid: int) -> None:
    """Reset the peak of resident memory."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


class Meter:
    """Processor time since the creation of the meter: of the client, which is this process, and of others by their ids."""

    def __init__(self, others: Mapping[str, Iterable[int]]) -> None:
        self._others = {name: list(pids) for name, pids in others.items()}
        self._before = self._now()

    def seconds_for(self, number: float) -> str:
        """Seconds for each of `number` items, as text."""
        parts = (f"{name} {(now - self._before[name]) / number:.3f}" for name, now in self._now().items())
        return ", ".join(parts)

    def _now(self) -> dict[str, float]:
        return {name: cpu_seconds(pids) for name, pids in self._others.items()} | {"client": time.process_time()}
