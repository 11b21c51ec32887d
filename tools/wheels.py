"""Builds the wheel of every distribution: python -m tools.wheels FOLDER."""

import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[1]


def build(folder: Path) -> None:
    """Build into a folder, replacing its content, with the build tools that requirements.txt pins."""
    uv = Path(sys.executable).with_name("uv")
    options = ["--quiet", "--clear", "--wheel", "--all-packages", "--no-build-isolation", "--python", sys.executable]
    subprocess.run([uv, "build", *options, "--out-dir", folder.resolve(), _ROOT], check=True)


if __name__ == "__main__":
    build(Path(sys.argv[1]))
