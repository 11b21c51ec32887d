"""`iotflow completion`: the completion script of a shell."""

import click
from click.shell_completion import get_completion_class

from iotflow_cli.command_line.grammar import command
from iotflow_cli.output.results import Text

SHELLS = ("bash", "zsh", "fish")


@command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> Text:
    """Print the completion script of a shell.

    \b
    bash: eval "$(iotflow completion bash)"
    zsh:  eval "$(iotflow completion zsh)"
    fish: iotflow completion fish | source
    """
    from iotflow_cli.command_line.root import root

    completion_class = get_completion_class(shell)
    if completion_class is None:
        raise click.UsageError(f"{shell} has no completion.")
    return Text(completion_class(root, {}, "iotflow", "_IOTFLOW_COMPLETE").source())
