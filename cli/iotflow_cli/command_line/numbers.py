"""Numbers that commands take. Each has bounds, and an error names them."""

from typing import Any

import click


class Number(click.FloatRange):
    """A number between bounds."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number. NaN is not between the bounds."""
        number: float = super().convert(value, param, ctx)
        if number != number:
            self.fail(f"{value} is not a number from {self.min:g} to {self.max:g}.", param, ctx)
        return number


# Rows, readings and changes that a command shows.
ROWS = click.IntRange(1, 1_000_000_000)
# Of log files, which are in memory at once.
LINES = click.IntRange(0, 1_000_000)
# Seconds until a command gives up.
TIMEOUT = Number(0, 86_400)
# The largest numbers of the contract.
VERSION = click.IntRange(0, 2**31 - 1)
COMMAND_ID = click.IntRange(1, 2**53)
