"""Commands and groups. A group imports the module of a command when that command is used."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem

from iotflow_cli.output.renderer import JSON_OPTION, Output


def json_option() -> click.Option:
    """The option of every command. The renderer reads it from the arguments, so that it holds for errors in them too."""
    return click.Option([JSON_OPTION], is_flag=True, expose_value=False, help="Write JSON: objects, one in a line.")


class Command(click.Command):
    """A command whose callback returns a Result, which is shown before the command's resources are closed."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.params.append(json_option())

    def invoke(self, ctx: click.Context) -> int:
        """The exit code."""
        output: Output = ctx.find_root().obj
        try:
            return output.show(super().invoke(ctx))
        except BrokenPipeError:
            # The reader has seen enough (`iotflow devices list | head`). The interpreter flushes once more at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0


@dataclass(frozen=True, slots=True)
class Lazy:
    """A command in another module. place: module:attribute. help: the first sentence of its description."""

    place: str
    help: str

    def load(self) -> click.Command:
        """Import the command."""
        module, _, attribute = self.place.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command


class LazyGroup(click.Group):
    """A group of commands in other modules. Its help and its completion import none of them."""

    def __init__(self, *arguments: Any, lazy: Mapping[str, Lazy], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.lazy = lazy
        self.params.append(json_option())

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The names in the order of the table."""
        return list(self.lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the command."""
        return self.lazy[cmd_name].load() if cmd_name in self.lazy else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the commands with their first sentences."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, each.help) for name, each in self.lazy.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The commands and the options that begin with this text."""
        found = [
            CompletionItem(name, help=each.help) for name, each in self.lazy.items() if name.startswith(incomplete)
        ]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]


def command(name: str) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a command of a function that returns a Result. Its description is the docstring."""
    return click.command(name, cls=Command)
