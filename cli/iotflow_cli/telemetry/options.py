"""Options of the commands that read telemetry."""

from collections.abc import Callable
from typing import Any

import click

TIME_HELP = "RFC 3339, seconds or milliseconds since 1970, now, or an age such as -24h"


def fields_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """--fields, as a list of measurements."""

    def split(_ctx: click.Context, _param: click.Parameter, value: str) -> list[str]:
        return [name for name in value.split(",") if name]

    return click.option(
        "--fields", default="", callback=split, metavar="A,B", help="these measurements only  [default: all]"
    )(function)


def range_options(start: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """--start and --end. start: the default; empty: no start."""

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        end_option = click.option("--end", default="", metavar="TIME", help="end of the range  [default: now]")
        start_option = click.option(
            "--start",
            default=start,
            metavar="TIME",
            help=f"start of the range: {TIME_HELP}  [default: {start or 'none'}]",
        )
        return start_option(end_option(function))

    return add
