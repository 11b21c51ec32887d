"""The commands of the command line."""

from collections.abc import Iterator

import click

from iotflow_cli.command_line.grammar import LazyGroup


def leaves(group: LazyGroup, path: str = "") -> Iterator[str]:
    """The commands below a group, without groups."""
    for name, lazy in group.lazy.items():
        found: click.Command = lazy.load()
        if isinstance(found, LazyGroup):
            yield from leaves(found, f"{path}{name} ")
        else:
            yield f"{path}{name}"
