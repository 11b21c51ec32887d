"""The options of commands that connect to a server."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from iotflow_cli.connections.target import PROFILE_VARIABLE, chosen_target


def with_server(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command its connection as `server`, by the options --profile and --data-dir. It is closed after the result is
    shown."""

    @functools.wraps(function)
    def connected(*arguments: Any, profile: str | None, data_dir: Path | None, **options: Any) -> Any:
        # gRPC takes a tenth of a second to import: not for the help.
        from iotflow_cli.connections.server import Server

        server = click.get_current_context().with_resource(Server(chosen_target(profile, data_dir)))
        return function(*arguments, server=server, **options)

    by_profile = click.option(
        "--profile",
        metavar="NAME",
        help=f"server that `iotflow login` noted; local: the service of this machine  [default: {PROFILE_VARIABLE}, "
        "else the current profile]",
    )
    by_folder = click.option(
        "--data-dir",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="the service of this machine that runs on this data folder  [default: where no profile is chosen: "
        "IOTFLOW_DATA_DIR, else data]",
    )
    return by_profile(by_folder(connected))
