"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from iotflow_cli import local_defaults


class SettingOption(click.Option):
    """An option whose default is a setting: the variable of the environment or of .env, otherwise the fallback."""

    def __init__(self, *arguments: Any, variable: str, fallback: str, **options: Any) -> None:
        super().__init__(*arguments, **{"show_default": True, **options})
        self._variable = variable
        self._fallback = fallback

    def get_default(self, ctx: click.Context, call: bool = True) -> str:  # noqa: ARG002
        """The value at the time of the command."""
        return local_defaults.chosen().get(self._variable) or self._fallback


PORT = click.IntRange(1, 65535)
DATA_DIR_HELP = "folder of the databases, the journal and the secrets"


def data_dir_option(description: str = DATA_DIR_HELP) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """--data-dir, of the commands about the service of this machine."""
    return click.option(
        "--data-dir",
        cls=SettingOption,
        variable="IOTFLOW_DATA_DIR",
        fallback="data",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help=description,
    )
