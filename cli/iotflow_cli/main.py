"""The command `iotflow`: runs one command, shows its result, and reports its error.

The parts of a command are imported where Ctrl-C is caught: it ends a command that still begins without a traceback, too.
"""

import sys
from collections.abc import Sequence
from io import TextIOWrapper
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click

INTERRUPTED = 130
DEBUG_OPTION = "--debug"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    try:
        from iotflow_cli.command_line.root import root
    except KeyboardInterrupt:
        return INTERRUPTED
    return run(root, "iotflow", sys.argv[1:] if argv is None else argv)


def run(command: "click.Command", name: str, argv: Sequence[str]) -> int:
    """Run a command, or a group, that has this name on the command line; the exit code."""
    import click

    from iotflow_cli.output.renderer import Output

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
