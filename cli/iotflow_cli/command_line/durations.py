"""Durations as people write them."""

import re
from typing import Any

import click

SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
# The largest number of the contract.
LONGEST = 2**31 - 1
_FORM = re.compile(r"(\d+)([smhdw]?)", re.ASCII)


class Duration(click.ParamType[int]):
    """Seconds, from a number with one of the units s, m, h, d, w; without one: seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The seconds."""
        if isinstance(value, int):
            return value
        form = _FORM.fullmatch(str(value))
        seconds = int(form[1]) * SECONDS[form[2] or "s"] if form else LONGEST + 1
        if seconds > LONGEST:
            self.fail(f"{value!r} is not a duration such as 30s, 12h or 90d", param, ctx)
        return seconds


DURATION = Duration()
