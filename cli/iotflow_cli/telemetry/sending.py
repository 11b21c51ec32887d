"""`iotflow telemetry send`."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TextIO

import click
from google.api.httpbody_pb2 import HttpBody

from iotflow.v1.telemetry_service_pb2 import SubmitReadingsResponse
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from iotflow_cli.command_line.grammar import command
from iotflow_cli.command_line.values import pairs
from iotflow_cli.connections.messages import as_data
from iotflow_cli.connections.options import with_server
from iotflow_cli.connections.server import Server
from iotflow_cli.output.exit_codes import ExitCode
from iotflow_cli.output.results import Record
from iotflow_cli.registry.device_names import device_id
from iotflow_cli.telemetry.options import TIME_HELP

# Readings in a request. The server accepts ten times as many.
BATCH = 1000


@dataclass(slots=True)
class Sent:
    """What the server answered to all requests."""

    readings: int = 0
    accepted: int = 0
    rejected: list[dict[str, Any]] = field(default_factory=list)
    more_rejected: int = 0

    def add(self, count: int, answer: SubmitReadingsResponse) -> None:
        """Add an answer, with its rejections at their places among all readings."""
        for each in answer.rejected:
            data = as_data(each)
            self.rejected.append({**data, "index": self.readings + each.index})
        self.readings += count
        self.accepted += answer.accepted
        self.more_rejected += answer.more_rejected


@command("send")
@with_server
@click.argument("name_or_id", metavar="DEVICE")
@click.argument("values", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--metadata", multiple=True, metavar="KEY=VALUE", help="stored beside the values as meta_KEY; repeatable")
@click.option("--time", "timestamp", default="", metavar="TIME", help=f"{TIME_HELP}  [default: the server's time]")
@click.option(
    "--file",
    type=click.File(encoding="utf-8"),
    metavar="FILE",
    help="readings as lines of JSON, {data, metadata, timestamp} or flat; - is the standard input",
)
def send(
    server: Server,
    name_or_id: str,
    values: Sequence[str],
    metadata: Sequence[str],
    timestamp: str,
    file: TextIO | None,
) -> Record:
    """Send readings for a device; done means stored.

    A value is a number, true or false, a JSON object or list, or a text. The exit code is 1 where a value is rejected.
    """
    if bool(values) == (file is not None):
        raise click.UsageError("Give either NAME=VALUE arguments or --file.")
    readings = _lines(file) if file else iter([_reading(values, metadata, timestamp)])
    device = device_id(server, name_or_id)
    sent = Sent()
    while batch := list(islice(readings, BATCH)):
        sent.add(len(batch), _submitted(server, device, batch))
    return _report(name_or_id, device, sent)


def _reading(values: Sequence[str], metadata: Sequence[str], timestamp: str) -> str:
    reading: dict[str, Any] = {"data": pairs(values)}
    if metadata:
        reading["metadata"] = pairs(metadata)
    if timestamp:
        reading["timestamp"] = timestamp
    return json.dumps(reading)


def _lines(file: TextIO) -> Iterator[str]:
    """The lines that are JSON objects, as they are: every digit of their numbers counts."""
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            is_object = isinstance(json.loads(line), dict)
        except ValueError:
            is_object = False
        if not is_object:
            raise click.UsageError(
                f"Line {number} of {file.name} is not a JSON object. The lines before it may be stored."
            )
        yield line


def _submitted(server: Server, device: int, readings: Sequence[str]) -> SubmitReadingsResponse:
    body = f'{{"device_id": {device}, "readings": [{",".join(readings)}]}}'
    request = HttpBody(content_type="application/json", data=body.encode())
    return server.call(TelemetryServiceStub, "SubmitReadingsJson", request, SubmitReadingsResponse)


def _report(name_or_id: str, device: int, sent: Sent) -> Record:
    lines = [f"{sent.accepted:,} of {sent.readings:,} readings of the device {name_or_id} are stored."]
    lines += [
        f"rejected: reading {each['index']}, {each['measurement'] or 'all'}: {each['message']}"
        for each in sent.rejected
    ]
    if sent.more_rejected:
        lines.append(f"… and {sent.more_rejected:,} more values")
    data = {
        "device_id": device,
        "readings": sent.readings,
        "accepted": sent.accepted,
        "rejected": sent.rejected,
        "more_rejected": sent.more_rejected,
    }
    return Record(data, sentence="\n".join(lines), exit_code=ExitCode.FAILED if sent.rejected else ExitCode.DONE)
