"""Repeats calls and streams while the server is unavailable, and decides which failures are final."""

import asyncio
from collections.abc import Awaitable, Callable

import grpc
import structlog

from iotflow.channels import Backoff
from iotflow.errors import ServerError, server_error
from iotflow.log_limits import Interval
from iotflow_gateway.pipeline.message import Rejected

log = structlog.get_logger(__name__)

# The server rejects this adapter. No message is at fault, and none is given up.
FATAL = frozenset({grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNIMPLEMENTED})
# The server failed while it processed a request; each further attempt may fail as well.
FAULTS = frozenset({grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.DATA_LOSS})
# The server's reason if its store failed to write a batch for an unknown cause.
STORE_FAILED = "STORE_FAILED"
# Attempts at one message over which the server fails.
TRIES = 5
ANSWER_SECONDS = 10.0

Call = Callable[[], Awaitable[object]]


def is_fatal(error: ServerError) -> bool:
    """Whether the adapter cannot run with this server."""
    return not error.retryable and error.code in FATAL


def is_fault(error: ServerError) -> bool:
    """Whether the server failed over the request, and neither rejected it nor was unavailable."""
    return not error.retryable and error.code in FAULTS


def aborts_stream(error: ServerError) -> bool:
    """Whether the server ended a stream because of its input, and was not unavailable."""
    return error.code in FAULTS or error.reason == STORE_FAILED


def gave_up(error: ServerError) -> Rejected:
    """The rejection of a message over which the server failed at each attempt."""
    return Rejected(
        error.reason or error.code.name,
        f"The server failed over this message at each attempt; see the server's log. Last error: {error.message}",
        retryable=aborts_stream(error),
    )


async def call_with_retries(call: Call, tries: int = TRIES) -> object:
    """The answer of the call, which is repeated while the server is unavailable. Raises Rejected if the server rejects the request,
    or fails over it `tries` times."""
    backoff, faults = Backoff(longest=5.0), 0
    while True:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await call()
        except TimeoutError:
            await asyncio.sleep(backoff.delay(None))
        except grpc.aio.AioRpcError as failure:
            error = server_error(failure)
            faults += is_fault(error)
            if rejected := _rejected(error, faults, tries):
                raise rejected from None
            await asyncio.sleep(backoff.delay(error.retry_after))


def _rejected(error: ServerError, faults: int, tries: int) -> Rejected | None:
    """The rejection of the message; None: the call is repeated."""
    if is_fault(error):
        return gave_up(error) if faults >= tries else None
    # Without a valid token the server rejects the adapter, not the message.
    if error.retryable or error.code is grpc.StatusCode.UNAUTHENTICATED:
        return None
    return Rejected(error.reason or error.code.name, error.message, field=error.field)


class StreamFailures:
    """The delays between the streams of one kind. name: of the stream in the log. longest: largest delay, in seconds."""

    def __init__(self, name: str, longest: float) -> None:
        self._name = name
        self._backoff = Backoff(longest=longest)
        self._between_lines = Interval()

    def reset(self) -> None:
        """Record that the stream works."""
        self._backoff.reset()

    def delay(self, error: ServerError) -> float:
        """Seconds until the next attempt. Raises the error if it is fatal."""
        if is_fatal(error):
            raise error
        if not error.retryable and self._between_lines.passed():
            log.warning("stream_failed", stream=self._name, problem=str(error))
        return self._backoff.delay(error.retry_after)
