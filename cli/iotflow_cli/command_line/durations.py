"""Durations as people write them."""

import re
from dataclasses import dataclass
from typing import Any

import click

SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
# The largest number of the contract.
LONGEST = 2**31 - 1
_FORM = re.compile(r"(\d{1,10})([smhdw]?)", re.ASCII)


@dataclass(frozen=True)
class Duration(click.ParamType[int]):
    """Seconds, from a number with one of the units s, m, h, d, w; without one: seconds. least, most: in seconds."""

    least: int = 0
    most: int = LONGEST
    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The seconds."""
        if isinstance(value, int):
            return value
        form = _FORM.fullmatch(str(value))
        if form is None:
            self.fail(f"{value!r} is not a duration such as 30s, 12h or 90d", param, ctx)
        seconds = int(form[1]) * SECONDS[form[2] or "s"]
        if not self.least <= seconds <= self.most:
            self.fail(f"{value!r} is not from {_shown(self.least)} to {_shown(self.most)}", param, ctx)
        return seconds


DURATION = Duration()


def _shown(seconds: int) -> str:
    return f"{seconds // 86_400}d" if seconds and seconds % 86_400 == 0 else f"{seconds}s"
