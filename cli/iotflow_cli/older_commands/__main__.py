"""Runs a command of the older service: `python -m iotflow_cli.older_commands SCRIPT …`."""

import sys

from iotflow_cli.main import run
from iotflow_cli.older_commands.scripts import scripts

# Usage and errors begin with the name of the script.
sys.exit(run(scripts, "", sys.argv[1:]))
