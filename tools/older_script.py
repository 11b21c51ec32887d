"""Starts the command of the older service that a script is named after.

It needs no package, so that any Python 3 can run it; the command itself runs in the environment of the checkout.
"""

import os
import sys
from pathlib import Path

OWN = Path(__file__).resolve().parents[1] / ".venv/bin/python"
PYTHON = str(OWN) if OWN.exists() else sys.executable


def start(script: str) -> None:
    """Replace this process. script: the path of the script."""
    os.execv(PYTHON, [PYTHON, "-P", "-m", "iotflow_cli.older_commands", Path(script).name, *sys.argv[1:]])
