"""A plain prompt, where the vendor's shell is not installed."""

import sys
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module

END_WORDS = ("exit", "quit")
Execute = Callable[[str], str]


class StatementError(Exception):
    """A statement failed; the message is for the terminal."""


def run_prompt(prompt: str, execute: Execute, statements: Sequence[str]) -> int:
    """Execute the statements, or without any those that are typed or come from the standard input; the exit code.

    An error ends the run, except on a terminal.
    """
    is_typed = not statements and sys.stdin.isatty()
    for statement in statements or _lines(prompt if is_typed else ""):
        if statement in END_WORDS:
            break
        try:
            sys.stdout.write(f"{execute(statement)}\n")
            sys.stdout.flush()
        except StatementError as error:
            sys.stderr.write(f"iotflow: {error}\n")
            if not is_typed:
                return 1
    return 0


def _lines(prompt: str) -> Iterator[str]:
    """Lines with content, until the end of the input."""
    if prompt:
        # Gives the prompt its line editing.
        import_module("readline")
    while True:
        try:
            line = input(prompt).strip()
        except EOFError:
            return
        if line:
            yield line
