"""`iotflow commands send` and `cancel`."""

from collections.abc import Sequence
from typing import Any

import click
from google.protobuf.struct_pb2 import Struct

from iotflow.v1.command_service_pb2 import (
    CancelCommandRequest,
    CancelCommandResponse,
    SendCommandRequest,
    SendCommandResponse,
    SendGroupCommandRequest,
    SendGroupCommandResponse,
)
from iotflow.v1.command_service_pb2_grpc import CommandServiceStub
from iotflow.words import CommandState
from iotflow_cli.command_line.durations import DURATION
from iotflow_cli.command_line.grammar import command
from iotflow_cli.command_line.numbers import COMMAND_ID, Number
from iotflow_cli.command_line.values import json_object, pairs
from iotflow_cli.connections.messages import as_data
from iotflow_cli.connections.options import with_server
from iotflow_cli.connections.server import CALL_SECONDS, Server
from iotflow_cli.output.exit_codes import ExitCode
from iotflow_cli.output.results import Record
from iotflow_cli.registry.device_names import device_id

LONGEST_WAIT = 50
ENDED_WITHOUT_SUCCESS = (CommandState.FAILED, CommandState.EXPIRED, CommandState.CANCELLED)


@command("send")
@with_server
@click.argument("name_or_id", metavar="DEVICE", required=False)
@click.argument("name", metavar="COMMAND", required=False)
@click.argument("values", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--group", metavar="TYPE", help="send to all devices of a type; DEVICE is left out")
@click.option("--parameters", metavar="JSON", help="all parameters as a JSON object; @FILE or - reads it")
@click.option("--expires", type=DURATION, default=0, metavar="DURATION", help="time of its validity  [default: no end]")
@click.option(
    "--idempotency-key", default="", metavar="TEXT", help="a second command with the same key is the first one"
)
@click.option(
    "--wait",
    type=Number(0, LONGEST_WAIT),
    default=0,
    show_default=True,
    metavar="SECONDS",
    help="wait for the result",
)
def send(
    server: Server,
    name_or_id: str | None,
    name: str | None,
    values: Sequence[str],
    group: str | None,
    parameters: str | None,
    expires: int,
    idempotency_key: str,
    wait: float,
) -> Record:
    """Send a command to a device, or to all devices of a type.

    NAME=VALUE arguments are its parameters. With --wait, the exit code is 1 where the command fails, and 5 where its
    result has not come yet.
    """
    words = [word for word in (name_or_id, name, *values) if word is not None]
    expected = 1 if group else 2
    if len(words) < expected:
        raise click.UsageError("Give COMMAND after --group TYPE." if group else "Give DEVICE and COMMAND.")
    if group and wait:
        raise click.UsageError("--wait is for a command to one device. `iotflow commands watch` shows all results.")
    *_, action = words[:expected]
    request: dict[str, Any] = {
        "name": action,
        "parameters": _struct({**(json_object(parameters) if parameters else {}), **pairs(words[expected:])}),
        "time_to_live_seconds": expires,
        "idempotency_key": idempotency_key,
    }
    if group:
        return _sent_to_group(server, SendGroupCommandRequest(group=group, **request))
    return _sent(server, SendCommandRequest(device_id=device_id(server, words[0]), wait_seconds=wait, **request))


@command("cancel")
@with_server
@click.argument("command_id", type=COMMAND_ID, metavar="ID")
def cancel(server: Server, command_id: int) -> Record:
    """Cancel a command that has not ended."""
    request = CancelCommandRequest(command_id=command_id)
    answer = server.call(CommandServiceStub, "CancelCommand", request, CancelCommandResponse)
    return Record(as_data(answer.command), sentence=f"The command {command_id} is {answer.command.state}.")


def _sent(server: Server, request: SendCommandRequest) -> Record:
    seconds = CALL_SECONDS + request.wait_seconds
    made = server.call(CommandServiceStub, "SendCommand", request, SendCommandResponse, seconds).command
    code = ExitCode.DONE
    if request.wait_seconds and made.state != CommandState.SUCCEEDED:
        code = ExitCode.FAILED if made.state in ENDED_WITHOUT_SUCCESS else ExitCode.UNAVAILABLE
    return Record(as_data(made), exit_code=code)


def _sent_to_group(server: Server, request: SendGroupCommandRequest) -> Record:
    answer = server.call(CommandServiceStub, "SendGroupCommand", request, SendGroupCommandResponse)
    data = {name: value for name, value in as_data(answer).items() if name not in ("status", "message")}
    return Record(data)


def _struct(values: dict[str, Any]) -> Struct:
    struct = Struct()
    struct.update(values)
    return struct
