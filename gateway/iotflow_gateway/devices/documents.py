"""Commands as devices read them."""

import time

import orjson
from google.protobuf.json_format import MessageToDict

from iotflow.v1.command_pb2 import Command


def command_document(command: Command) -> bytes:
    """For the device itself, in JSON."""
    return orjson.dumps({"id": command.id, **_common(command)})


def group_document(command: Command, group: str) -> bytes:
    """For all devices of the group that it was sent to, in JSON."""
    return orjson.dumps({"group": group, **_common(command)})


def seconds_left(command: Command) -> int | None:
    """Until it expires; None: for ever."""
    if not command.HasField("expires_at"):
        return None
    return max(1, round(command.expires_at.seconds - time.time()))


def _common(command: Command) -> dict[str, object]:
    said = MessageToDict(command, preserving_proto_field_name=True)
    common = {
        "name": command.name,
        "parameters": said.get("parameters", {}),
        "created_at": said.get("created_at"),
        "expires_at": said.get("expires_at"),
    }
    return common | ({"group_command": command.group_command} if command.group_command else {})
