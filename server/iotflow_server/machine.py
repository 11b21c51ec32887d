"""Load figures of the machine on which the server runs."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class MachineFigures:
    """Percentages from 0 to 100. load: over 1, 5 and 15 minutes."""

    cpu_percent: float
    memory_percent: float
    memory_available_mb: float
    disk_usage_percent: float
    load: tuple[float, float, float]


class Machine:
    """folder: on the disk to measure. proc: Linux's files on processors and memory; without them these figures are 0."""

    def __init__(self, folder: Path, proc: Path = Path("/proc")) -> None:
        self._folder = folder
        self._proc = proc
        self._busy, self._total = self._cpu_ticks()

    def figures(self) -> MachineFigures:
        """The current figures; the processor figure covers the time since the last call."""
        busy, total = self._cpu_ticks()
        share = (busy - self._busy) / max(1, total - self._total)
        self._busy, self._total = busy, total
        whole, available = self._memory_bytes()
        disk = shutil.disk_usage(self._folder)
        return MachineFigures(
            cpu_percent=round(100 * share, 1),
            memory_percent=round(100 * (whole - available) / max(1, whole), 1),
            memory_available_mb=round(available / 2**20, 1),
            disk_usage_percent=round(100 * disk.used / disk.total, 1),
            load=os.getloadavg(),
        )

    def _cpu_ticks(self) -> tuple[int, int]:
        """Busy ticks and total ticks of all processors since the boot."""
        first, *_ = self._lines("stat")
        ticks = [int(word) for word in first.split()[1:9]]
        return sum(ticks) - sum(ticks[3:5]), sum(ticks)

    def _memory_bytes(self) -> tuple[int, int]:
        """Total and available memory."""
        lines = (line.split(":") for line in self._lines("meminfo") if line)
        figures = {name: int(value.split()[0]) * 1_024 for name, value in lines}
        return figures.get("MemTotal", 0), figures.get("MemAvailable", 0)

    def _lines(self, name: str) -> list[str]:
        """The lines of a file in /proc, at least one."""
        try:
            return (self._proc / name).read_text().splitlines()
        except FileNotFoundError:
            return [""]
