"""Commands and configurations in the form that devices receive."""

import time
from typing import Any

import orjson
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct

from iotflow.readings import EXACT
from iotflow.v1.command_pb2 import Command
from iotflow.v1.config_pb2 import DesiredConfig


def command_document(command: Command) -> bytes:
    """The JSON of a command to one device."""
    return orjson.dumps(
        {"id": command.id, "command_id": command.id, "device_id": command.device_id, **_common(command)}
    )


def group_document(command: Command, group: str) -> bytes:
    """The JSON of a command to a group, for all of its devices."""
    return orjson.dumps({"group": group, **_common(command)})


def config_document(config: DesiredConfig) -> bytes:
    """The JSON of a desired configuration."""
    return orjson.dumps({"version": config.desired_version, "desired": _plain(config.desired)})


def seconds_left(command: Command) -> int | None:
    """Seconds until the command expires, at least 1; None: it never does."""
    if not command.HasField("expires_at"):
        return None
    return max(1, round(command.expires_at.seconds - time.time()))


def _common(command: Command) -> dict[str, object]:
    fields = MessageToDict(command, preserving_proto_field_name=True)
    common = {
        # Firmware of the older service reads `command` or `type`.
        **dict.fromkeys(("name", "command", "type"), command.name),
        "parameters": _plain(command.parameters),
        "created_at": fields.get("created_at"),
        "expires_at": fields.get("expires_at"),
    }
    return common | ({"group_command": command.group_command} if command.group_command else {})


def _plain(struct: Struct) -> Any:
    """The content with whole numbers as integers: 30 is not written as 30.0."""
    return _with_integers(MessageToDict(struct))


def _with_integers(content: Any) -> Any:
    if isinstance(content, dict):
        return {name: _with_integers(inner) for name, inner in content.items()}
    if isinstance(content, list):
        return [_with_integers(inner) for inner in content]
    is_whole = isinstance(content, float) and content.is_integer() and abs(content) <= EXACT
    return int(content) if is_whole else content
