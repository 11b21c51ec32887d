"""Commands and configurations in the form that devices receive."""

import time

import orjson
from google.protobuf.json_format import MessageToDict

from iotflow.v1.command_pb2 import Command
from iotflow.v1.config_pb2 import DesiredConfig
from iotflow_gateway.contract_json import struct_json


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
    return orjson.dumps({"version": config.desired_version, "desired": struct_json(config.desired)})


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
        "parameters": struct_json(command.parameters),
        "created_at": fields.get("created_at"),
        "expires_at": fields.get("expires_at"),
    }
    return common | ({"group_command": command.group_command} if command.group_command else {})
