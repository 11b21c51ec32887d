"""Lines to the terminal."""

import os
import sys


def say(line: str) -> None:
    """Write a line at once. Nobody reading any more (`iotflow up | head`) is no reason to stop the service."""
    try:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def complain(line: str) -> None:
    """Write a line that tells why something was not done."""
    sys.stderr.write(f"iotflow: {line}\n")
