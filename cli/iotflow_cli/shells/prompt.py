"""A plain prompt, where the vendor's shell is not installed."""

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module

END_WORDS = ("exit", "quit")
WAKE_UP_SECONDS = 0.1
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
    read = _edited_line if prompt else input
    while True:
        try:
            line = read(prompt).strip()
        except EOFError:
            return
        if line:
            yield line


def _edited_line(prompt: str) -> str:
    # Gives the prompt its line editing.
    import_module("readline")
    with _woken_up():
        return input(prompt)


@contextmanager
def _woken_up() -> Iterator[None]:
    """Interrupt the wait for a key at an interval.

    The line editor asks for Python's signals only when a system call is interrupted: a Ctrl-C that arrives just before
    it waits would stay unnoticed until the next key.
    """
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, WAKE_UP_SECONDS, WAKE_UP_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
