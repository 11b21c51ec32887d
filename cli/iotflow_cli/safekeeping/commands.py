"""`iotflow backup`, `restore` and `reset`."""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, BinaryIO

import click

from iotflow_cli.command_line.confirmation import confirm, yes_option
from iotflow_cli.command_line.grammar import command
from iotflow_cli.command_line.options import data_dir_option
from iotflow_cli.output.exit_codes import ExitCode
from iotflow_cli.output.failures import CommandError
from iotflow_cli.output.progress import byte_progress
from iotflow_cli.output.renderer import Output
from iotflow_cli.output.results import Record

FOLDER_HELP = "data folder of the service"
FILE = click.Path(path_type=Path, allow_dash=True, dir_okay=False)
STANDARD_STREAM = "-"


@command("backup")
@data_dir_option(FOLDER_HELP)
@click.option(
    "--telemetry",
    metavar="URL",
    help="sqlite or iotdb://…, the store of the service  [default: that of the running service, else IOTFLOW_TELEMETRY]",
)
@click.option(
    "--without-iotdb", is_flag=True, help="leave out the readings in IoTDB; those of the journal are included"
)
@click.argument("file", type=FILE)
@click.pass_obj
def backup(output: Output, data_dir: Path, telemetry: str | None, without_iotdb: bool, file: Path) -> Record | int:
    """Back the service up to a file, while it runs.

    The file holds the registry, the readings, the journal and the secrets. FILE - is the standard output. A file that is
    there already is replaced when the backup is complete.
    """
    from iotflow_cli.safekeeping.backup import back_up
    from iotflow_cli.safekeeping.folder_locks import safekeeping
    from iotflow_cli.safekeeping.sources import service_settings, sources_in
    from iotflow_cli.safekeeping.target import opened_target

    folder = data_dir.resolve()
    with _prepared_process():
        sources = sources_in(folder, service_settings(folder, telemetry))
        with safekeeping(folder), opened_target(file, folder) as target, byte_progress(output) as advance:
            made = back_up(sources, target, advance, without_iotdb=without_iotdb)
    for sentence in made.left_out:
        output.note(sentence, left_out=True)
    is_stream = str(file) == STANDARD_STREAM
    if is_stream:
        output.note(f"The backup has every reading acknowledged before {made.stamp}.", stamp=made.stamp)
        return 0
    size = file.stat().st_size
    return Record(
        {"file": str(file), "bytes": size, "stamp": made.stamp, "store": made.store, "left_out": list(made.left_out)},
        sentence=f"{file}: {size:,} bytes, with every reading acknowledged before {made.stamp}.",
    )


@command("restore")
@data_dir_option(FOLDER_HELP)
@yes_option
@click.argument("file", type=FILE)
@click.pass_obj
def restore(output: Output, data_dir: Path, yes: bool, file: Path) -> Record:
    """Restore a backup into the data folder of a stopped service.

    FILE - is the standard input. If the folder has data, the command asks, or needs --yes; the earlier data is kept in a
    folder below it.
    """
    from iotflow_cli.safekeeping.archive_reader import ArchiveReader
    from iotflow_cli.safekeeping.folder_locks import stopped_service
    from iotflow_cli.safekeeping.restore import check_known
    from iotflow_cli.safekeeping.restore import restore as put_in_place
    from iotflow_cli.safekeeping.sources import SECRETS, service_settings
    from iotflow_server import VERSION
    from iotflow_server.content_exchange import has_content

    folder = data_dir.resolve()
    with _prepared_process(), _opened(file) as stream:
        archive = ArchiveReader(stream, VERSION, SECRETS)
        made = archive.description
        check_known(made)
        if made.revision:
            _check_registry_is_here(service_settings(folder, None).database_url, folder)
        with stopped_service(folder):
            if has_content(folder):
                confirm(f"Replace the data in {folder}, and keep it in a folder below?", yes=yes)
            with byte_progress(output) as advance:
                aside = put_in_place(archive, folder, advance)
    for sentence in made.left_out:
        output.note(sentence, left_out=True)
    return Record(
        {"data_dir": str(folder), "stamp": made.stamp, "store": made.store, "earlier_data": aside and str(aside)},
        sentence=_restored(folder, made.stamp, made.store, aside),
    )


@command("reset")
@data_dir_option(FOLDER_HELP)
@yes_option
def reset(data_dir: Path, yes: bool) -> Record:
    """Delete registry, readings, journal and secrets of a stopped service.

    Readings in IoTDB, a registry in PostgreSQL and the logs stay.
    """
    from iotflow_cli.safekeeping.folder_locks import stopped_service
    from iotflow_cli.safekeeping.restore import reset as remove_content
    from iotflow_server.content_exchange import has_content

    folder = data_dir.resolve()
    if not folder.is_dir():
        return Record({"reset": False}, sentence=f"There is no folder {folder}.")
    with _prepared_process(), stopped_service(folder):
        if not has_content(folder):
            return Record({"reset": False}, sentence=f"There is no data in {folder}.")
        confirm(f"Delete the registry, the readings, the journal and the secrets in {folder}?", yes=yes)
        remove_content(folder)
    return Record({"reset": True}, sentence=f"The data in {folder} is deleted.")


def _restored(folder: Path, stamp: str, store: str, aside: Path | None) -> str:
    kept = f" The earlier data is in {aside}; delete it when it is no longer needed." if aside else ""
    replay = " Start it with an empty IoTDB, which gets the readings from the journal." if store == "iotdb" else ""
    return f"{folder} has every reading acknowledged before {stamp}.{replay}{kept}"


def _check_registry_is_here(database_url: str, folder: Path) -> None:
    if database_url not in ("", f"sqlite:///{folder}/registry.db"):
        raise CommandError(
            "IOTFLOW_DATABASE_URL names a registry outside the data folder, and the service would not use the restored one. "
            "Restore without that setting.",
            ExitCode.CONFLICT,
            reason="REGISTRY_ELSEWHERE",
        )


def _opened(file: Path) -> Any:
    stream: BinaryIO = sys.stdin.buffer
    return nullcontext(stream) if str(file) == STANDARD_STREAM else file.open("rb")


@contextmanager
def _prepared_process() -> Iterator[None]:
    """Logs go to the standard error, and files are readable by their owner only. Errors become sentences."""
    import errno
    import os

    import structlog

    from iotflow_server.errors import Unavailable

    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    os.umask(0o077)
    try:
        yield
    except Unavailable as error:
        raise CommandError(error.message, ExitCode.UNAVAILABLE, reason=error.reason) from None
    except sqlite3.Error as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_FULL:
            raise _disk_full() from None
        raise CommandError(f"A database cannot be copied: {error}.") from None
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise _disk_full() from None
        raise


def _disk_full() -> CommandError:
    return CommandError(
        "The disk is full. What was written is removed, and nothing else was changed; free space on it, and try again.",
        reason="DISK_FULL",
    )
