"""What becomes of the adapter's work when the server fails: which failures end the adapter, and how often others are tried."""

import grpc
import structlog

from iotflow.channels import Backoff
from iotflow.errors import ServerError
from iotflow.log_limits import Interval
from iotflow_gateway.rejections.rejected import Rejected

log = structlog.get_logger(__name__)

# The server does not take this adapter: no message is to blame, and none is given up for it.
FINAL = frozenset({grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNIMPLEMENTED})
# The server failed over a request, which may fail again however often it is sent.
FAULTS = frozenset({grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.DATA_LOSS})
# The server's word where its store failed over a batch for no reason that it knows.
STORE_FAILED = "STORE_FAILED"
# How often one message is sent that the server fails over.
TRIES = 5


def ends_adapter(error: ServerError) -> bool:
    """Whether the adapter cannot run with this server."""
    return not error.retryable and error.code in FINAL


def is_fault(error: ServerError) -> bool:
    """Whether the server failed over the request, as opposed to refusing it or being away."""
    return not error.retryable and error.code in FAULTS


def breaks_off(error: ServerError) -> bool:
    """Whether the server ended a stream over what it got, and may do so each time, as opposed to being away."""
    return error.code in FAULTS or error.reason == STORE_FAILED


def given_up(error: ServerError) -> Rejected:
    """What a device is told of a message that the server failed over each time."""
    return Rejected(
        error.reason or error.code.name,
        f"the server failed over this message each time it was sent: {error.message}",
        retryable=breaks_off(error),
    )


class StreamFailures:
    """How the streams of one kind end, and how long to wait before the next. name: what the log calls it. longest: of these waits, in
    seconds."""

    def __init__(self, name: str, longest: float) -> None:
        self._name = name
        self._backoff = Backoff(longest=longest)
        self._between_lines = Interval()

    def reset(self) -> None:
        """The stream works."""
        self._backoff.reset()

    def delay(self, error: ServerError) -> float:
        """Seconds until the next attempt. Raises the error where there is to be none."""
        if ends_adapter(error):
            raise error
        if not error.retryable and self._between_lines.passed():
            log.warning("stream_failed", stream=self._name, problem=str(error))
        return self._backoff.delay(error.retry_after)
