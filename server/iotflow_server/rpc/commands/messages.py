"""Messages about commands: encoding of commands, and decoding of the reports that devices send about them.

Reports are limited in size, and large ones are decoded in the compute thread.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from iotflow.v1 import command_pb2
from iotflow_server.commands.command import Command
from iotflow_server.commands.transactions import MOST_BYTES
from iotflow_server.compute_thread import run_by_size
from iotflow_server.errors import InvalidArgument
from iotflow_server.rpc.codec.wire_values import plain_struct, timestamp_of, to_struct

# Eight times the limit of a stored result, because a single-digit number takes eleven bytes in a message.
MOST_REPORT_BYTES = 8 * MOST_BYTES

Decoded = TypeVar("Decoded")


def encode_command(item: Command) -> command_pb2.Command:
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


def result_of(report: Any) -> dict[str, Any] | None:
    """The result in a report; None: it has none. Raises InvalidArgument."""
    return plain_struct(report.result, "result") if report.HasField("result") else None


def size_error(report: Any) -> InvalidArgument | None:
    """The error of a report that exceeds the limit; None: its size is allowed."""
    if report.ByteSize() <= MOST_REPORT_BYTES:
        return None
    return InvalidArgument(
        "result",
        f"The message is larger than {MOST_REPORT_BYTES} bytes. A result can have at most {MOST_BYTES} bytes as JSON.",
    )


async def decode_report(report: Any, decode: Callable[[Any], Decoded]) -> Decoded:
    """Decode a report with this function. Raises InvalidArgument."""
    if error := size_error(report):
        raise error
    return await run_by_size(report.ByteSize(), decode, report)
