"""Runs every measurement, or the parts named, and prints the table: `python -m tests.bench [part …]`."""

import importlib
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.bench.table import Line, machine, render

PARTS = (
    "journal",
    "streams",
    "gateways",
    "unary",
    "exports",
    "fanout",
    "commands",
    "iotdb_streams",
    "iotdb_fleet",
    "iotdb_queries",
    "mqtt",
)


def main(parts: Sequence[str]) -> None:
    if unknown := set(parts) - set(PARTS):
        sys.exit(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    with tempfile.TemporaryDirectory() as folder:
        lines = [line for part in parts or PARTS for line in _measured(part, Path(folder, part))]
    sys.stdout.write(f"{machine()}\n\n{render(lines)}\n")


def _measured(part: str, folder: Path) -> Iterable[Line]:
    """A part's lines. folder: its own, so that parts need not know of each other's files."""
    folder.mkdir()
    lines: Iterable[Line] = importlib.import_module(f"tests.bench.{part}").measure(folder)
    return lines


if __name__ == "__main__":
    main(sys.argv[1:])
