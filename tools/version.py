"""Sets the version of all distributions, and of their requirements on one another: python tools/version.py 0.2.0."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECTS = (".", "cli", "clients/python", "gateway", "server", "simulators")
OLD = re.compile(r'(?m)^(version = "|    "iotflow-\w+==)[^"]+"')


def write(version: str) -> None:
    """Set the version in every pyproject.toml."""
    for project in PROJECTS:
        file = ROOT / project / "pyproject.toml"
        file.write_text(OLD.sub(rf'\g<1>{version}"', file.read_text()))


if __name__ == "__main__":
    [wanted] = sys.argv[1:]
    if not re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", wanted):
        sys.exit(f"{wanted} is not a version such as 0.2.0 or 0.2.0rc1.")
    write(wanted)
