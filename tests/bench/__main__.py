"""Runs every measurement once, or the named parts, and prints the table: `python -m tests.bench [--json] [part …]`."""

import importlib
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.bench.parts import PARTS, check_parts
from tests.bench.results import line_to_json
from tests.bench.table import Line, machine, render


def main(arguments: Sequence[str]) -> None:
    """--json: print the lines as JSON."""
    parts = [argument for argument in arguments if argument != "--json"]
    check_parts(parts)
    with tempfile.TemporaryDirectory() as folder:
        lines = [line for part in parts or PARTS for line in _measured(part, Path(folder, part))]
    if len(parts) < len(arguments):
        sys.stdout.write(json.dumps([line_to_json(line) for line in lines]) + "\n")
    else:
        sys.stdout.write(f"{machine()}\n\n{render(lines)}\n")


def _measured(part: str, folder: Path) -> Iterator[Line]:
    """A part's lines, reported as they come. folder: the part's own, so that parts share no files."""
    folder.mkdir()
    for line in importlib.import_module(f"tests.bench.{part}").measure(folder):
        sys.stderr.write(f"{line.what}: {line.figure}\n")
        yield line


if __name__ == "__main__":
    main(sys.argv[1:])
