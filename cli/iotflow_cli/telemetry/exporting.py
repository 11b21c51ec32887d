"""`iotflow telemetry export`."""

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from iotflow.v1.telemetry_service_pb2 import ExportTelemetryRequest
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from iotflow.words import ExportFormat
from iotflow_cli.command_line.grammar import command
from iotflow_cli.connections.options import with_server
from iotflow_cli.connections.server import Server
from iotflow_cli.output.progress import byte_progress
from iotflow_cli.output.renderer import Output
from iotflow_cli.output.results import Record
from iotflow_cli.registry.device_names import device_id
from iotflow_cli.telemetry.options import fields_option, range_options

FORMATS = [str(word) for word in ExportFormat]
OF_SUFFIX = {
    ".csv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".arrows": "arrow",
}


@command("export")
@with_server
@fields_option
@range_options("")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.argument("names_or_ids", nargs=-1, metavar="[DEVICE]...")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), help="format of the file  [default: by its suffix, else csv]"
)
@click.option(
    "--spreadsheet-safe", is_flag=True, help="CSV: no text is taken for a formula  [default: texts as they are]"
)
@click.pass_obj
def export(
    output: Output,
    server: Server,
    file: Path,
    names_or_ids: tuple[str, ...],
    start: str,
    end: str,
    fields: list[str],
    form: str | None,
    spreadsheet_safe: bool,
) -> Record | int:
    """Export readings to a file.

    FILE - is the standard output. Without DEVICE: the readings of all devices. A file that is there already is replaced
    when the export is complete.
    """
    chosen = form or OF_SUFFIX.get(file.suffix.lower(), "csv")
    request = ExportTelemetryRequest(
        format=chosen,
        device_ids=[device_id(server, text) for text in names_or_ids],
        fields=fields,
        start_time=start,
        end_time=end,
        spreadsheet_safe=spreadsheet_safe,
    )
    if str(file) == "-":
        _write(server, request, sys.stdout.buffer, output)
        return 0
    with _replaced(file) as target:
        size = _write(server, request, target, output)
    return Record({"file": str(file), "format": chosen, "bytes": size}, sentence=f"{file}: {size:,} bytes of {chosen}.")


def _write(server: Server, request: ExportTelemetryRequest, target: BinaryIO, output: Output) -> int:
    size = 0
    with byte_progress(output) as advance:
        for chunk in server.iterate(_chunks(server, request)):
            target.write(chunk)
            size += len(chunk)
            advance(len(chunk))
    target.flush()
    return size


async def _chunks(server: Server, request: ExportTelemetryRequest) -> AsyncIterator[bytes]:
    async with server.connection.call() as channel:
        call = TelemetryServiceStub(channel).ExportTelemetry(request, metadata=server.connection.metadata)
        try:
            async for part in call:
                yield part.data
        finally:
            call.cancel()


@contextmanager
def _replaced(file: Path) -> Iterator[BinaryIO]:
    """A file beside this one, which replaces it at the end of the block, and is removed after an error."""
    draft = file.with_name(f"{file.name}.part")
    try:
        with draft.open("wb") as target:
            yield target
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
