"""`iotflow config get`, `set`, `patch`, `diff` and `versions`."""

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import click
from google.protobuf.struct_pb2 import Struct

from iotflow.v1.config_service_pb2 import (
    GetConfigTwinRequest,
    GetConfigTwinResponse,
    ListConfigVersionsRequest,
    ListConfigVersionsResponse,
    PatchDesiredConfigRequest,
    PatchDesiredConfigResponse,
    SetDesiredConfigRequest,
    SetDesiredConfigResponse,
)
from iotflow.v1.config_service_pb2_grpc import ConfigServiceStub
from iotflow_cli.command_line.confirmation import confirm, yes_option
from iotflow_cli.command_line.grammar import command
from iotflow_cli.command_line.numbers import ROWS, VERSION
from iotflow_cli.command_line.values import json_object, pairs
from iotflow_cli.connections.messages import as_data
from iotflow_cli.connections.options import with_server
from iotflow_cli.connections.server import Server
from iotflow_cli.device_config.differences import differences
from iotflow_cli.output.exit_codes import ExitCode
from iotflow_cli.output.results import Record, Row, Table
from iotflow_cli.registry.device_names import device_id

COLUMNS = ("version", "changed_at", "changed_by", "desired")
VERSION_HELP = "fail where this is not the current version  [default: any]"


@command("get")
@with_server
@click.argument("name_or_id", metavar="DEVICE")
def get(server: Server, name_or_id: str) -> Record:
    """Show the desired and the reported configuration of a device."""
    return Record(_twin(server, name_or_id))


@command("set")
@with_server
@yes_option
@click.argument("name_or_id", metavar="DEVICE")
@click.argument("configuration", metavar="JSON")
@click.option("--expected-version", type=VERSION, metavar="N", help=VERSION_HELP)
def set_config(server: Server, name_or_id: str, configuration: str, expected_version: int | None, yes: bool) -> Record:
    """Replace the desired configuration of a device.

    JSON is an object, @FILE, or - for the standard input.
    """
    new = json_object(configuration)
    device = device_id(server, name_or_id)
    confirm(f"Replace the whole desired configuration of the device {device}?", yes=yes)
    request = SetDesiredConfigRequest(device_id=device, configuration=_struct(new), expected_version=expected_version)
    return _changed(server.call(ConfigServiceStub, "SetDesiredConfig", request, SetDesiredConfigResponse))


@command("patch")
@with_server
@click.argument("name_or_id", metavar="DEVICE")
@click.argument("changes", nargs=-1, required=True, metavar="JSON|KEY=VALUE...")
@click.option("--expected-version", type=VERSION, metavar="N", help=VERSION_HELP)
def patch(server: Server, name_or_id: str, changes: Sequence[str], expected_version: int | None) -> Record:
    """Change parts of the desired configuration of a device.

    The change is a JSON merge patch (RFC 7396): an object, @FILE, or - for the standard input; or pairs KEY=VALUE. A value
    of null removes its key.
    """
    is_document = len(changes) == 1 and changes[0].startswith(("{", "@", "-"))
    change = json_object(changes[0]) if is_document else pairs(changes)
    request = PatchDesiredConfigRequest(
        device_id=device_id(server, name_or_id), patch=_struct(change), expected_version=expected_version
    )
    return _changed(server.call(ConfigServiceStub, "PatchDesiredConfig", request, PatchDesiredConfigResponse))


@command("diff")
@with_server
@click.argument("name_or_id", metavar="DEVICE")
def diff(server: Server, name_or_id: str) -> Record:
    """Show what a device has not applied yet.

    The exit code is 0 where the device reports the desired configuration, otherwise 1.
    """
    twin = _twin(server, name_or_id)
    changes = list(differences(twin.get("desired", {}), twin.get("reported", {})))
    data = {"device_id": twin["device_id"], "in_sync": twin["in_sync"], "differences": changes}
    lines = [f"{each['key']}: {_shown(each, 'reported')} -> {_shown(each, 'desired')}" for each in changes]
    sentence = "\n".join(lines) or f"The device {twin['device_id']} is in sync."
    return Record(data, sentence=sentence, exit_code=ExitCode.DONE if twin["in_sync"] else ExitCode.FAILED)


@command("versions")
@with_server
@click.argument("name_or_id", metavar="DEVICE")
@click.option("--limit", type=ROWS, default=20, show_default=True, metavar="N", help="at most N rows")
def versions(server: Server, name_or_id: str, limit: int) -> Table:
    """List the versions of the desired configuration, newest first."""
    request = ListConfigVersionsRequest(device_id=device_id(server, name_or_id), page_size=min(limit, 1000))
    return Table(islice(_versions(server, request), limit), COLUMNS, nothing="Nothing is desired yet.")


def _twin(server: Server, name_or_id: str) -> dict[str, Any]:
    request = GetConfigTwinRequest(device_id=device_id(server, name_or_id))
    twin = as_data(server.call(ConfigServiceStub, "GetConfigTwin", request, GetConfigTwinResponse))
    return {name: value for name, value in twin.items() if name != "status"}


def _versions(server: Server, request: ListConfigVersionsRequest) -> Iterator[Row]:
    for page in server.pages(ConfigServiceStub, "ListConfigVersions", request, ListConfigVersionsResponse):
        for version in page.versions:
            yield as_data(version)


def _changed(answer: SetDesiredConfigResponse | PatchDesiredConfigResponse) -> Record:
    data = {name: value for name, value in as_data(answer).items() if name not in ("status", "message")}
    sentence = f"The desired configuration of the device {answer.device_id} has the version {answer.desired_version}."
    return Record(data, sentence=sentence)


def _struct(values: dict[str, Any]) -> Struct:
    struct = Struct()
    struct.update(values)
    return struct


def _shown(change: dict[str, Any], side: str) -> str:
    return json.dumps(change[side], ensure_ascii=False) if side in change else "(absent)"
