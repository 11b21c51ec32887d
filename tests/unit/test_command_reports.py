"""Reports of results up to the limit of a message, and beyond it."""

import pytest

from iotflow.v1.gateway_service_pb2 import AckDeviceCommandRequest
from iotflow_server.errors import InvalidArgument
from iotflow_server.rpc.commands.messages import MOST_REPORT_BYTES, decode_report, size_error


def report(size: int) -> AckDeviceCommandRequest:
    """A report of so many bytes."""
    one = AckDeviceCommandRequest(command_id=1)
    one.result.update({"text": ""})
    # The lengths of the text and of what holds it take more bytes as they grow.
    text = "x" * size
    one.result.update({"text": text})
    one.result.update({"text": text[: 2 * size - one.ByteSize()]})
    assert one.ByteSize() == size
    return one


async def test_a_report_of_the_largest_size_is_decoded() -> None:
    largest = report(MOST_REPORT_BYTES)
    assert size_error(largest) is None
    assert await decode_report(largest, lambda one: one.command_id) == 1


async def test_a_larger_report_is_refused_with_the_limits() -> None:
    with pytest.raises(InvalidArgument) as raised:
        await decode_report(report(MOST_REPORT_BYTES + 1), lambda one: one.command_id)
    assert raised.value.field == "result"
    assert f"larger than {MOST_REPORT_BYTES} bytes" in raised.value.message
