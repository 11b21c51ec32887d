"""Commands that destroy something ask first."""

import sys
from collections.abc import Callable
from typing import Any

import click


def yes_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """--yes, of commands that ask."""
    return click.option("--yes", is_flag=True, help="do not ask")(function)


def confirm(question: str, *, yes: bool) -> None:
    """Ask, on a terminal. Elsewhere --yes is needed. Raises UsageError, Abort."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"{question} The standard input is no terminal: add --yes.")
    click.confirm(question, abort=True, err=True)
