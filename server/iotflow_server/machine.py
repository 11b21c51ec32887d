"""Figures of the machine that the server runs on."""

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
    """folder: on the disk that is looked at."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._busy, self._total = _cpu_ticks()

    def figures(self) -> MachineFigures:
        """As they are now; of the processors, since the last call."""
        busy, total = _cpu_ticks()
        share = (busy - self._busy) / max(1, total - self._total)
        self._busy, self._total = busy, total
        whole, available = _memory_bytes()
        disk = shutil.disk_usage(self._folder)
        return MachineFigures(
            cpu_percent=round(100 * share, 1),
            memory_percent=round(100 * (1 - available / whole), 1),
            memory_available_mb=round(available / 2**20, 1),
            disk_usage_percent=round(100 * disk.used / disk.total, 1),
            load=os.getloadavg(),
        )


def _cpu_ticks() -> tuple[int, int]:
    """Of all processors since they started: busy ones, and all."""
    ticks = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    idle, waiting = ticks[3], ticks[4]
    return sum(ticks) - idle - waiting, sum(ticks)


def _memory_bytes() -> tuple[int, int]:
    """The machine's memory, and what of it can be had."""
    lines = (line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    figures = {name: int(value.split()[0]) * 1_024 for name, value in lines}
    return figures["MemTotal"], figures["MemAvailable"]
