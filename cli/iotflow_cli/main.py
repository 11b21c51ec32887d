"""The command line. Each sub-command is a module with `add_to` and `run`."""

import argparse
from collections.abc import Sequence

from iotflow_cli import migrate, replay, up
from iotflow_cli.console import UsageError, write_error
from iotflow_server import VERSION

COMMANDS = (up, replay, migrate)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    parser = argparse.ArgumentParser(prog="iotflow", description="Connectivity for IoT devices.")
    parser.add_argument("--version", action="version", version=f"%(prog)s {VERSION}")
    commands = parser.add_subparsers(required=True, metavar="command")
    for command in COMMANDS:
        command.add_to(commands)
    arguments = parser.parse_args(argv)
    try:
        code: int = arguments.run(arguments)
    except UsageError as error:
        write_error(str(error))
        code = 1
    except KeyboardInterrupt:
        code = 130
    return code
