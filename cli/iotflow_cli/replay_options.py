"""The values of the options of `iotflow replay`."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from zoneinfo import ZoneInfo

import click

from iotflow_simulators.recordings.csv_times import UNITS, zone

FASTEST = 1_000_000_000
DETECTED = "  [default: detected; an ambiguous file is rejected]"


def converted(convert: Callable[[str], Any]) -> Callable[[click.Context, click.Parameter, str | None], Any]:
    """A callback that converts the value of an option, where there is one. Errors are BadParameter."""
    return lambda _ctx, _param, text: None if text is None else convert(text)


def speed(text: str) -> float:
    """A factor of real time."""
    with suppress(ValueError):
        if 0 < (factor := float(text)) <= FASTEST:
            return factor
    raise click.BadParameter(f"the value must be a number above 0, of at most {FASTEST:,}")


def time_format(text: str) -> str:
    """A unit, or a pattern of strptime."""
    if text in UNITS or "%" in text:
        return text
    raise click.BadParameter("the value must be s, ms, us, ns or a format such as '%d.%m.%Y %H:%M'")


def time_zone(text: str) -> ZoneInfo:
    """A time zone."""
    try:
        return zone(text)
    except ValueError:
        raise click.BadParameter(f"{text} is not a time zone such as Europe/Berlin") from None


def delimiter(text: str) -> str:
    """One character."""
    character = "\t" if text in ("tab", "\\t") else text
    if len(character) != 1 or character in '"\r\n':
        raise click.BadParameter("the value must be one character, or the word tab")
    return character


def encoding(text: str) -> str:
    """The name of a text encoding."""
    try:
        "".encode(text)
    except LookupError:
        raise click.BadParameter(f"{text} is not a text encoding such as utf-8, utf-16 or cp1252") from None
    return text
