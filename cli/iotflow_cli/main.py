"""The command `iotflow`: runs one command, shows its result, and reports its error."""

import sys
from collections.abc import Sequence
from io import TextIOWrapper
from itertools import takewhile

import click

from iotflow_cli.command_line.root import root
from iotflow_cli.output.renderer import Output

INTERRUPTED = 130
DEBUG_OPTION = "--debug"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    return run(root, "iotflow", sys.argv[1:] if argv is None else argv)


def run(command: click.Command, name: str, argv: Sequence[str]) -> int:
    """Run a command, or a group, that has this name on the command line; the exit code."""
    arguments = list(argv)
    # A terminal or a file of another encoding gets the rest of a text that it cannot hold.
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    output = Output.for_arguments(arguments)
    try:
        code: int = command.main(arguments, prog_name=name, standalone_mode=False, obj=output)
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except Exception as error:
        if DEBUG_OPTION in takewhile(lambda each: each.startswith("-"), arguments):
            raise
        return output.fail(error)
    return code
