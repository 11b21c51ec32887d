"""The error of a call, with its details from the server."""

from contextlib import suppress

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2
from grpc import StatusCode

DOMAIN = "iotflow"
QUEUE_FULL = "QUEUE_FULL"
ANSWER_TOO_LARGE = "ANSWER_TOO_LARGE"
DETAILS_KEY = "grpc-status-details-bin"
# A status without details of the server comes from the connection or from a proxy, so the request may be sent again.
TRANSIENT = frozenset(
    {
        StatusCode.UNAVAILABLE,
        StatusCode.INTERNAL,
        StatusCode.UNKNOWN,
        StatusCode.CANCELLED,
        StatusCode.ABORTED,
        StatusCode.DEADLINE_EXCEEDED,
    }
)
# What becomes of the page of a captive portal or a proxy: gRPC turns its HTTP status into one of these.
_STATUSES_OF_PAGES = frozenset({StatusCode.UNAUTHENTICATED, StatusCode.PERMISSION_DENIED, StatusCode.UNIMPLEMENTED})
LONGEST_RETRY_SECONDS = 3_600.0
# gRPC's only sign that it rejected an answer itself. Of a request, the server's begins with SERVER.
_ANSWER_TOO_LARGE = "CLIENT: Received message larger than max"


class ServerError(Exception):
    """A call that failed.

    code: the gRPC status. reason: a constant for programs, such as WRONG_KEY; empty where the error is not the server's.
    message: a sentence. field: the request's invalid field, or empty. retryable: whether the same request may succeed
    later. retry_after: seconds to wait before a retry, at most an hour; or None. request_id: the server's name of the call,
    which its log has too; or empty.
    """

    def __init__(
        self,
        code: StatusCode,
        message: str,
        *,
        reason: str = "",
        field: str = "",
        retryable: bool = False,
        retry_after: float | None = None,
        request_id: str = "",
    ) -> None:
        super().__init__(f"{message} ({reason or code.name})")
        self.code = code
        self.message = message
        self.reason = reason
        self.field = field
        self.retryable = retryable
        self.retry_after = retry_after
        self.request_id = request_id

    def explained(self, why: str) -> "ServerError":
        """The same error with another sentence in its message."""
        return ServerError(
            self.code,
            f"{self.message} {why}",
            reason=self.reason,
            field=self.field,
            retryable=self.retryable,
            retry_after=self.retry_after,
            request_id=self.request_id,
        )

    @property
    def is_foreign(self) -> bool:
        """Whether something else may have answered in place of the server, which gives its reason with these statuses. Streams
        are opened again after it, and it tells nothing about the key."""
        return not self.reason and self.code in _STATUSES_OF_PAGES

    @property
    def is_interruption(self) -> bool:
        """Whether a stream that ended with the error is opened again. An answer that is too large tells nothing about what was
        sent, and a new stream begins with less on the way."""
        return self.retryable or self.is_foreign or self.reason == ANSWER_TOO_LARGE


def server_error(error: grpc.aio.AioRpcError) -> ServerError:
    """The error with its google.rpc details: ErrorInfo, BadRequest, and RetryInfo or the header `retry-after`. Damaged details
    are ignored."""
    code, metadata = error.code(), error.trailing_metadata() or ()
    initial = error.initial_metadata() or ()
    details = _details([value for key, value in metadata if key == DETAILS_KEY])
    info, bad, retry = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
    for detail in details.details:
        for known in (info, bad, retry):
            # A proxy may damage them.
            with suppress(DecodeError):
                detail.Unpack(known)
    is_from_server = info.domain == DOMAIN
    is_too_large = code is StatusCode.RESOURCE_EXHAUSTED and _ANSWER_TOO_LARGE in (error.details() or "")
    return ServerError(
        code,
        error.details() or code.name,
        reason=info.reason if is_from_server else ANSWER_TOO_LARGE if is_too_large else "",
        field=info.metadata.get("field", "") or next((item.field for item in bad.field_violations), ""),
        retryable=info.metadata.get("retryable") == "true" if is_from_server else code in TRANSIENT,
        retry_after=_seconds(retry, [value for key, value in metadata if key == "retry-after"]),
        request_id=next((str(value) for key, value in (*metadata, *initial) if key == "x-request-id"), ""),
    )


def deadline_exceeded(message: str) -> ServerError:
    """The error of a wait that has reached its deadline."""
    return ServerError(StatusCode.DEADLINE_EXCEEDED, message, retryable=True)


def queue_full(message: str) -> ServerError:
    """The error of a caller whose rows a full queue refuses."""
    return ServerError(StatusCode.RESOURCE_EXHAUSTED, message, reason=QUEUE_FULL, retryable=True)


def _details(values: list[str | bytes]) -> status_pb2.Status:
    status = status_pb2.Status()
    if values and isinstance(values[0], bytes):
        with suppress(DecodeError):
            status.MergeFromString(values[0])
    return status


def _seconds(retry: error_details_pb2.RetryInfo, headers: list[str | bytes]) -> float | None:
    header = str(headers[0]) if headers else ""
    if retry.HasField("retry_delay"):
        seconds = float(retry.retry_delay.seconds + retry.retry_delay.nanos / 1e9)
    # The header may also contain a date, which is ignored.
    elif header.isdecimal():
        seconds = float(header)
    else:
        return None
    return min(seconds, LONGEST_RETRY_SECONDS) if seconds >= 0 else None
