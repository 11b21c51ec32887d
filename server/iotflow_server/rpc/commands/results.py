"""What devices answer to commands: bounded, and decoded beside the event loop where it is long."""

from collections.abc import Callable
from typing import Any, TypeVar

from iotflow_server.commands.transactions import MOST_BYTES
from iotflow_server.compute_thread import run_by_size
from iotflow_server.errors import InvalidArgument
from iotflow_server.rpc.codec.wire_values import plain_struct

# Eight times what is kept of a result: in a message a digit takes eleven bytes.
MOST_ANSWER_BYTES = 8 * MOST_BYTES

Decoded = TypeVar("Decoded")


def result_of(answer: Any) -> dict[str, Any] | None:
    """The result in an answer; None: it has none. Raises InvalidArgument."""
    return plain_struct(answer.result, "result") if answer.HasField("result") else None


def too_large(answer: Any) -> InvalidArgument | None:
    """Why an answer is not looked at; None: it is."""
    if answer.ByteSize() <= MOST_ANSWER_BYTES:
        return None
    return InvalidArgument(
        "result", f"takes more than {MOST_ANSWER_BYTES} bytes; at most {MOST_BYTES} are kept, as JSON"
    )


async def decoded_answer(answer: Any, decode: Callable[[Any], Decoded]) -> Decoded:
    """What decode makes of it. Raises InvalidArgument."""
    if refusal := too_large(answer):
        raise refusal
    return await run_by_size(answer.ByteSize(), decode, answer)
