"""Runs every measurement, or the parts named, and prints the table: `python -m tests.bench [part …]`."""

import importlib
import sys
import tempfile
from collections.abc import Iterator, Sequence
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
    "bystanders",
)


def main(parts: Sequence[str]) -> None:
    if unknown := set(parts) - set(PARTS):
        sys.exit(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    with tempfile.TemporaryDirectory() as folder:
        lines = [line for part in parts or PARTS for line in _measured(part, Path(folder, part))]
    sys.stdout.write(f"{machine()}\n\n{render(lines)}\n")


def _measured(part: str, folder: Path) -> Iterator[Line]:
    """A part's lines, told as they come. folder: its own, so that parts need not know of each other's files."""
    folder.mkdir()
    for line in importlib.import_module(f"tests.bench.{part}").measure(folder):
        sys.stderr.write(f"{line.what}: {line.figure}\n")
        yield line


if __name__ == "__main__":
    main(sys.argv[1:])
