"""Decoding of the reports that devices send about commands. Reports are limited in size, and large ones are decoded in the
compute thread."""

from collections.abc import Callable
from typing import Any, TypeVar

from iotflow_server.commands.transactions import MOST_BYTES
from iotflow_server.compute_thread import run_by_size
from iotflow_server.errors import InvalidArgument
from iotflow_server.rpc.codec.wire_values import plain_struct

# Eight times the limit of a stored result, because a single-digit number takes eleven bytes in a message.
MOST_REPORT_BYTES = 8 * MOST_BYTES

Decoded = TypeVar("Decoded")


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
