"""The lines of a measurement, and the Markdown table that shows them."""

import os
import platform
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured number. name: if the line does not state it. note: further results."""

    value: float
    unit: str
    name: str = ""
    note: str = ""

    def __str__(self) -> str:
        name = f"{self.name}: " if self.name else ""
        note = f"; {self.note}" if self.note else ""
        return f"{name}{number(self.value, self.unit)}{note}"


@dataclass(frozen=True, slots=True)
class Line:
    """A measured figure, and the baseline of the same run.

    ratio: figure against baseline; without a baseline, the figure that the target is for, in ratio_unit.
    target: what the ratio should reach; at_most: what it should not exceed. None: no target.
    spread: the lowest and the highest ratio of several runs.
    """

    what: str
    figure: Figure
    baseline: Figure | None
    ratio: float
    target: float | None
    ratio_unit: str = ""
    at_most: bool = False
    spread: tuple[float, float] | None = None

    @property
    def verdict(self) -> str:
        """Whether the target is reached."""
        if self.target is None:
            return ""
        reached = self.ratio <= self.target if self.at_most else self.ratio >= self.target
        return "reached" if reached else "MISSED"


def medians(runs: Sequence[Sequence[Line]]) -> list[Line]:
    """Each line from the run with its median ratio, so that the figures are of one run. runs: the same lines in each."""
    found = []
    for lines in zip(*runs, strict=True):
        assert len({line.what for line in lines}) == 1
        ordered = sorted(lines, key=lambda line: line.ratio)
        spread = (ordered[0].ratio, ordered[-1].ratio) if len(ordered) > 1 else None
        found.append(replace(ordered[len(ordered) // 2], spread=spread))
    return found


def render(lines: Iterable[Line]) -> str:
    """A Markdown table."""
    rows = ["| What | Measured | Against | Ratio (of all runs) | Target | |", "|---|---|---|---|---|---|"]
    for line in lines:
        target = "" if line.target is None else f"{'≤' if line.at_most else '≥'} {line.target:g}{line.ratio_unit}"
        cells = (line.what, line.figure, line.baseline or "", _ratio(line), target, line.verdict)
        rows.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(rows)


def _ratio(line: Line) -> str:
    spread = f" ({_digits(line.spread[0])}–{_digits(line.spread[1])})" if line.spread else ""
    return f"{_digits(line.ratio)}{line.ratio_unit}{spread}"


def number(value: float, unit: str) -> str:
    """A number with its unit, in three digits or as an integer."""
    return f"{_digits(value)}{'' if unit.startswith('/') else ' '}{unit}"


def _digits(value: float) -> str:
    return f"{value:,.{2 if value < 10 else 1 if value < 100 else 0}f}"


def machine() -> str:
    """The machine that measures."""
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {sys.version.split()[0]}"
