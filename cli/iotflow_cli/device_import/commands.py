"""`iotflow devices import`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from iotflow_cli.command_line.grammar import command
from iotflow_cli.connections.options import with_server
from iotflow_cli.connections.server import Server
from iotflow_cli.output.exit_codes import ExitCode
from iotflow_cli.output.failures import CommandError
from iotflow_cli.output.progress import count_progress
from iotflow_cli.output.renderer import Output
from iotflow_cli.output.results import Record
from iotflow_cli.output.values import shown_value

if TYPE_CHECKING:
    from iotflow_cli.device_import import ImportResult, RejectedRow, TakeProgress

# Names of one reason on a terminal. --json has all.
MOST_NAMES = 20
PATH = click.Path(path_type=Path, dir_okay=False)


@command("import")
@with_server
@click.argument("file", type=PATH, metavar="FILE.csv")
@click.option(
    "--keys",
    type=PATH,
    metavar="FILE",
    help="file for the keys, mode 0600  [default: beside FILE.csv, as FILE.keys.csv]",
)
@click.pass_obj
def import_file(output: Output, server: Server, file: Path, keys: Path | None) -> Record:
    """Register the devices of a CSV file.

    The file has a header with the column name, and with others of a registration: device_type, description, location,
    firmware_version, hardware_version. After an interruption, the same command continues. The exit code is 1 where a device
    is rejected.
    """
    # Not at the top: only this command needs it.
    from iotflow_cli.device_import import ImportFailed, ImportProblem

    key_file = keys or file.with_suffix(".keys.csv")
    try:
        with count_progress(output, "devices") as progress:
            result = server.run(_imported(server, file, key_file, progress), None)
    except ImportProblem as problem:
        raise CommandError(str(problem), reason="INVALID_FILE") from None
    except ImportFailed as failed:
        output.note(
            f"{failed.result.registered:,} devices are registered, with keys in {key_file}. The same command continues.",
            **_counts(failed.result),
        )
        raise failed.error from None
    return _record(file, key_file, result)


async def _imported(server: Server, file: Path, keys: Path, progress: TakeProgress) -> ImportResult:
    from iotflow_cli.device_import import import_devices

    async with server.connection.call() as channel:
        return await import_devices(file, keys, channel, server.connection.metadata, progress)


def _record(file: Path, keys: Path, result: ImportResult) -> Record:
    rejected = [
        {"line": row.line, "name": row.name, "reason": row.reason, "message": row.message, "device_id": row.device_id}
        for row in result.rejected
    ]
    data = {
        "file": str(file),
        "keys": str(keys),
        "import_id": result.import_id,
        **_counts(result),
        "rejected": rejected,
    }
    code = ExitCode.FAILED if rejected else ExitCode.DONE
    return Record(data, sentence="\n".join(_lines(keys, result)), exit_code=code)


def _counts(result: ImportResult) -> dict[str, Any]:
    return {"registered": result.registered, "skipped": result.skipped}


def _lines(keys: Path, result: ImportResult) -> Iterator[str]:
    yield f"registered {result.registered:,}; their keys are in {keys}"
    yield f"skipped {result.skipped:,}, whose keys were there before"
    by_reason = sorted(result.rejected, key=lambda row: (row.reason, row.line))
    for reason, rows in groupby(by_reason, lambda row: row.reason):
        yield from _rejected_lines(reason, list(rows))


def _rejected_lines(reason: str, rows: Sequence[RejectedRow]) -> Iterator[str]:
    yield f"rejected {len(rows):,} ({reason}):"
    for row in rows[:MOST_NAMES]:
        yield f"  line {row.line}: {shown_value(row.name)}: {shown_value(row.message)}"
    if len(rows) > MOST_NAMES:
        yield f"  and {len(rows) - MOST_NAMES:,} more; --json lists all"
