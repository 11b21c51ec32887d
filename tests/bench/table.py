"""The table that a run prints."""

import os
import platform
import sys
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One measured figure against its baseline. target: the ratio (or rate) it should reach, as a number; None: none set.
    at_most: it should not go beyond the target."""

    what: str
    figure: str
    baseline: str
    ratio: float
    target: float | None
    ratio_unit: str = ""
    at_most: bool = False

    @property
    def verdict(self) -> str:
        """Whether the target is reached."""
        if self.target is None:
            return ""
        reached = self.ratio <= self.target if self.at_most else self.ratio >= self.target
        return "reached" if reached else "MISSED"


def render(lines: Iterable[Line]) -> str:
    """A Markdown table."""
    rows = ["| What | Measured | Against | Ratio | Target | |", "|---|---|---|---|---|---|"]
    for line in lines:
        target = "" if line.target is None else f"{'≤' if line.at_most else '≥'} {line.target:g}{line.ratio_unit}"
        ratio = f"{line.ratio:,.2f}{line.ratio_unit}" if line.ratio < 100 else f"{line.ratio:,.0f}{line.ratio_unit}"
        rows.append(f"| {line.what} | {line.figure} | {line.baseline} | {ratio} | {target} | {line.verdict} |")
    return "\n".join(rows)


def machine() -> str:
    """Where this was measured."""
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {sys.version.split()[0]}"
