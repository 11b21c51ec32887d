"""Commands about the service of this machine that did more, or other, than those of `iotflow`."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from iotflow_cli.command_line.confirmation import confirm, yes_option
from iotflow_cli.command_line.grammar import Command
from iotflow_cli.command_line.options import data_dir_option
from iotflow_cli.main import main
from iotflow_cli.output.renderer import JSON_OPTION, Output
from iotflow_cli.running.detached import start_detached
from iotflow_cli.running.run_file import read_run

FOLDER_HELP = "data folder of the service"
# The other options are those of `iotflow up`.
_PASSED_ON = {"ignore_unknown_options": True}


def _command(name: str, *, passes_on: bool = False) -> Callable[[Callable[..., Any]], click.Command]:
    return click.command(name, cls=Command, context_settings=_PASSED_ON if passes_on else None)


@_command("start-all", passes_on=True)
@data_dir_option(FOLDER_HELP)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def start_all(output: Output, data_dir: Path, options: tuple[str, ...]) -> int:
    """Run the service in the background.

    OPTIONS are those of `iotflow up`. If the service runs already, its status is shown.
    """
    if read_run(data_dir):
        return _iotflow(output, data_dir, "status")
    return _iotflow(output, data_dir, "up", "--detach", *options)


@_command("run", passes_on=True)
@data_dir_option(FOLDER_HELP)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def run_service(output: Output, data_dir: Path, options: tuple[str, ...]) -> int:
    """Run the service until Ctrl-C, or follow its logs if it runs already.

    OPTIONS are those of `iotflow up`.
    """
    present = read_run(data_dir)
    if present is None:
        return _iotflow(output, data_dir, "up", *options)
    output.note(f"The service runs already (process {present.pid}). Its logs follow; Ctrl-C does not stop it.")
    return _iotflow(output, data_dir, "logs", "--follow")


@_command("backup")
@data_dir_option(FOLDER_HELP)
@click.argument("file", required=False)
@click.pass_obj
def backup_service(output: Output, data_dir: Path, file: str | None) -> int:
    """Back the service up to a file, while it runs.

    Without FILE, the name of the file has the time.
    """
    return _iotflow(output, data_dir, "backup", file or f"backup-{datetime.now(UTC):%Y%m%d-%H%M%S}.iotflow")


@_command("restore")
@data_dir_option(FOLDER_HELP)
@yes_option
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def restore_service(output: Output, data_dir: Path, file: Path, yes: bool) -> int:
    """Restore a backup; a running service is stopped meanwhile."""
    run = read_run(data_dir)
    if run is None:
        return _iotflow(output, data_dir, "restore", str(file), *(["--yes"] if yes else []))
    _check_backup(file)
    confirm(f"Stop the service, replace its data by those of {file}, and start it again?", yes=yes)
    code = _iotflow(output, data_dir, "down") or _iotflow(output, data_dir, "restore", str(file), "--yes")
    if read_run(data_dir) is None:
        # Also after a failure, which changes no data.
        start_detached(run.options, data_dir, lambda line: click.echo(line, err=output.as_json))
    return code


@_command("reset")
@data_dir_option(FOLDER_HELP)
@yes_option
@click.pass_obj
def reset_service(output: Output, data_dir: Path, yes: bool) -> int:
    """Stop the service, and delete its data."""
    if read_run(data_dir) is None:
        return _iotflow(output, data_dir, "reset", *(["--yes"] if yes else []))
    confirm(f"Stop the service, and delete the registry, the readings and the secrets in {data_dir}?", yes=yes)
    return _iotflow(output, data_dir, "down") or _iotflow(output, data_dir, "reset", "--yes")


def _check_backup(file: Path) -> None:
    """Raise CommandError for a file that is no backup, or a newer one: it is no reason to stop the service."""
    from iotflow_cli.safekeeping.archive_reader import ArchiveReader
    from iotflow_cli.safekeeping.restore import check_known
    from iotflow_cli.safekeeping.sources import SECRETS
    from iotflow_server import VERSION

    with file.open("rb") as stream:
        check_known(ArchiveReader(stream, VERSION, SECRETS).description)


def _iotflow(output: Output, data_dir: Path, *arguments: str) -> int:
    """Run a command of `iotflow` with the same form of output."""
    form = [JSON_OPTION] if output.as_json else []
    return main([*arguments, "--data-dir", str(data_dir), *form])
