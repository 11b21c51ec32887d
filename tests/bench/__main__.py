"""Runs every measurement and prints the table."""

import sys
import tempfile
from pathlib import Path

from tests.bench import fanout, journal, streams, unary
from tests.bench.table import machine, render


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        lines = [line for part in (journal, fanout, streams, unary) for line in part.measure(Path(folder))]
    sys.stdout.write(f"{machine()}\n\n{render(lines)}\n")


main()
