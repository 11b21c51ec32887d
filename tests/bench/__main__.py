"""Runs every measurement, or the parts named, and prints the table: `python -m tests.bench [part …]`."""

import importlib
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.bench.table import machine, render

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
        modules = [importlib.import_module(f"tests.bench.{part}") for part in parts or PARTS]
        lines = [line for module in modules for line in module.measure(Path(folder))]
    sys.stdout.write(f"{machine()}\n\n{render(lines)}\n")


main(sys.argv[1:])
