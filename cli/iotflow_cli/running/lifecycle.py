"""`iotflow down` and `restart`."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import click

from iotflow.private_files import write_private
from iotflow_cli.command_line.grammar import command
from iotflow_cli.command_line.numbers import TIMEOUT
from iotflow_cli.command_line.options import data_dir_option
from iotflow_cli.output.exit_codes import ExitCode
from iotflow_cli.output.failures import CommandError
from iotflow_cli.output.renderer import Output
from iotflow_cli.output.results import Record
from iotflow_cli.running.detached import start_detached
from iotflow_cli.running.run_file import RunFile, is_on_this_host, read_run
from iotflow_cli.running.run_record import REQUEST_FILE

POLL_SECONDS = 0.05
FOLDER_HELP = "data folder of the service"


@command("down")
@data_dir_option(FOLDER_HELP)
@click.option(
    "--timeout",
    type=TIMEOUT,
    default=120,
    show_default=True,
    metavar="SECONDS",
    help="time in which calls may finish",
)
def down(data_dir: Path, timeout: float) -> Record:
    """Stop the service of this machine."""
    run = read_run(data_dir)
    if run is None:
        return Record({"stopped": False}, sentence=f"No service runs on the data folder {data_dir}.")
    stop(run, timeout)
    return Record({"stopped": True, "pid": run.pid}, sentence=f"The service (process {run.pid}) is stopped.")


@command("restart")
@data_dir_option(FOLDER_HELP)
@click.argument("part", required=False)
@click.option(
    "--timeout",
    type=TIMEOUT,
    default=120,
    show_default=True,
    metavar="SECONDS",
    help="time until the service, or its part, runs again",
)
@click.pass_obj
def restart(output: Output, data_dir: Path, part: str | None, timeout: float) -> Record:
    """Restart the service of this machine, or one part of it.

    PART is one of those that `iotflow status` shows. Without it the whole service is started again in the background,
    with the options of its first start.
    """
    run = running(data_dir)
    if part:
        return _restarted(run, part, data_dir, timeout)
    stop(run, timeout)
    new = start_detached(run.options, data_dir, (lambda _: None) if output.as_json else click.echo)
    return Record({"pid": new.pid, **new.addresses}, sentence=f"The service runs again (process {new.pid}).")


def running(data_dir: Path) -> RunFile:
    """The run on this data folder. Raises CommandError."""
    run = read_run(data_dir)
    if run is None:
        raise CommandError(
            f"No service runs on the data folder {data_dir}. Start it with `iotflow up`, or name its folder with --data-dir.",
            ExitCode.NOT_FOUND,
            reason="NOT_RUNNING",
        )
    return run


def stop(run: RunFile, timeout: float) -> None:
    """Stop a run, and wait for its end. Raises CommandError."""
    _signal(run, signal.SIGTERM)
    if not _becomes(lambda: not run.is_alive, timeout):
        raise CommandError(f"The service (process {run.pid}) did not stop within {timeout:g} s.", ExitCode.UNAVAILABLE)


def _restarted(run: RunFile, part: str, data_dir: Path, timeout: float) -> Record:
    before = run.parts.get(part)
    if before is None:
        known = ", ".join(run.parts)
        raise CommandError(f"There is no part {part!r} (known: {known}).", ExitCode.NOT_FOUND, reason="PART_NOT_FOUND")
    write_private(data_dir / REQUEST_FILE, part)
    _signal(run, signal.SIGUSR1)
    if not _becomes(lambda: _process_of(part, data_dir) not in (None, before), timeout):
        raise CommandError(
            f"{part} was not ready within {timeout:g} s; see `iotflow logs {part}`.", ExitCode.UNAVAILABLE
        )
    after = _process_of(part, data_dir)
    return Record({"part": part, "pid": after}, sentence=f"{part} runs again (process {after}).")


def _process_of(part: str, data_dir: Path) -> int | None:
    run = read_run(data_dir)
    return run.parts.get(part) if run else None


def _signal(run: RunFile, number: signal.Signals) -> None:
    if not is_on_this_host(run):
        raise CommandError(f"The service runs on the host {run.host} (process {run.pid}). Run the command there.")
    try:
        os.kill(run.pid, number)
    except PermissionError:
        raise CommandError(
            f"The service (process {run.pid}) belongs to another user.", ExitCode.NOT_PERMITTED
        ) from None


def _becomes(condition: Callable[[], bool], timeout: float) -> bool:
    """Whether the condition becomes true in time."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True
