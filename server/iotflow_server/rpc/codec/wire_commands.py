"""Encoding of commands."""

from iotflow.v1 import command_pb2
from iotflow_server.commands.command import Command
from iotflow_server.rpc.codec.wire_values import timestamp_of, to_struct


def command(item: Command) -> command_pb2.Command:
    """Encode a command."""
    return command_pb2.Command(
        id=item.id,
        device_id=item.device_id,
        name=item.name,
        parameters=to_struct(item.parameters),
        state=item.state,
        created_at=timestamp_of(item.created_at),
        delivered_at=timestamp_of(item.delivered_at),
        finished_at=timestamp_of(item.finished_at),
        expires_at=timestamp_of(item.expires_at),
        result=None if item.result is None else to_struct(item.result),
        group_command=item.group_command,
    )
