"""The outermost middleware: the only place where exceptions become statuses."""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import grpc
import structlog
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2

from iotflow.v1.stream_pb2 import StreamError
from iotflow_server import errors
from iotflow_server.interceptors.call_context import REQUEST_ID, request_id_of
from iotflow_server.interceptors.middleware import CallScope, Context, Handler

log = structlog.get_logger(__name__)

DOMAIN = "iotflow"
# The time after which unread requests of a rejected call are no longer discarded: without a message, and in total.
QUIET_SECONDS, LONGEST_SECONDS = 0.25, 2.0
# Limits in characters, and in bytes for all fields together. A status is sent in HTTP/2 headers, where a character of the
# message takes up to twelve bytes. Above 8 KiB of headers (gRPC's limit) the peer closes the connection, and with it the
# calls of all callers behind Envoy.
MESSAGE, FIELD, DESCRIPTION, ROOM = 200, 150, 200, 1_500
CODES: dict[type[errors.DomainError], grpc.StatusCode] = {
    errors.InvalidArgument: grpc.StatusCode.INVALID_ARGUMENT,
    errors.Unauthenticated: grpc.StatusCode.UNAUTHENTICATED,
    errors.PermissionDenied: grpc.StatusCode.PERMISSION_DENIED,
    errors.NotFound: grpc.StatusCode.NOT_FOUND,
    errors.AlreadyExists: grpc.StatusCode.ALREADY_EXISTS,
    errors.FailedPrecondition: grpc.StatusCode.FAILED_PRECONDITION,
    errors.VersionConflict: grpc.StatusCode.ABORTED,
    errors.LimitExceeded: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.Unavailable: grpc.StatusCode.UNAVAILABLE,
    errors.NotImplementedYet: grpc.StatusCode.UNIMPLEMENTED,
    errors.InternalError: grpc.StatusCode.INTERNAL,
}


class Errors:
    """Converts domain errors to statuses with google.rpc details, and all other exceptions to INTERNAL without details."""

    def wrap(self, method: str, handler: Handler) -> CallScope:
        unary = not handler.response_streaming

        @asynccontextmanager
        async def translate(_request: Any, context: Context) -> AsyncIterator[None]:
            try:
                yield
            except errors.DomainError as refusal:
                if handler.request_streaming:
                    await _discard(context)
                await abort(context, refusal, unary=unary)
            except (grpc.aio.AbortError, grpc.aio.UsageError):
                raise
            except Exception:
                # Any other error is the server's own. Its text may have data of other callers.
                log.exception("call_failed", method=method, request_id=request_id_of(context))
                await abort(context, errors.INTERNAL, unary=unary)

        return translate


async def abort(context: Context, refusal: errors.DomainError, *, unary: bool) -> None:
    """End the call with the status of the error."""
    code = CODES[type(refusal)]
    hint = () if refusal.retry_after is None else (("retry-after", str(math.ceil(refusal.retry_after))),)
    if unary and hint:
        # Initial metadata become HTTP headers. A stream may have sent its metadata already.
        with contextlib.suppress(grpc.aio.UsageError):
            await context.send_initial_metadata(hint)
    details = ("grpc-status-details-bin", status(code, refusal).SerializeToString())
    names = (REQUEST_ID, request_id_of(context))
    await context.abort(code, short(refusal.message, MESSAGE), trailing_metadata=(details, names, *hint))


def short(text: str, most: int) -> str:
    """The text, cut to `most` characters, between two words if possible."""
    if len(text) <= most:
        return text
    words = text[: most - 1].rpartition(" ")[0]
    return f"{words if len(words) > most // 2 else text[: most - 2]} …"


def status(code: grpc.StatusCode, refusal: errors.DomainError) -> status_pb2.Status:
    """The google.rpc.Status of an error: ErrorInfo always, BadRequest for fields, RetryInfo where a retry can succeed."""
    return status_pb2.Status(
        code=code.value[0],
        message=short(refusal.message, MESSAGE),
        details=[_packed(detail) for detail in _details(refusal)],
    )


def stream_error(error: Exception) -> StreamError:
    """The last event of a stream of the contract that ends with this error; see proto/iotflow/v1/stream.proto."""
    shown = error if isinstance(error, errors.DomainError) else errors.INTERNAL
    return StreamError(reason=shown.reason, message=shown.message, retryable=shown.retry_after is not None)


def _details(refusal: errors.DomainError) -> list[Any]:
    info = error_details_pb2.ErrorInfo(reason=refusal.reason, domain=DOMAIN)
    info.metadata["retryable"] = "false" if refusal.retry_after is None else "true"
    details: list[Any] = [info]
    violations = (
        refusal.violations if isinstance(refusal, errors.InvalidArgument) else ((refusal.field, refusal.message),)
    )
    fields = _fields(violations)
    if fields.field_violations:
        info.metadata["field"] = fields.field_violations[0].field
        if len(violations) > len(fields.field_violations):
            info.metadata["more_violations"] = str(len(violations) - len(fields.field_violations))
        details.append(fields)
    if refusal.retry_after is not None:
        seconds, rest = divmod(refusal.retry_after, 1)
        delay = Duration(seconds=int(seconds), nanos=int(rest * 1e9))
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    return details


def _fields(violations: Sequence[tuple[str, str]]) -> error_details_pb2.BadRequest:
    """The field violations, within the size limit."""
    found = error_details_pb2.BadRequest()
    for field, text in violations:
        if field:
            found.field_violations.add(field=short(field, FIELD), description=short(text, DESCRIPTION))
        if found.ByteSize() > ROOM:
            break
    return found


def _packed(detail: Any) -> AnyMessage:
    packed = AnyMessage()
    packed.Pack(detail)
    return packed


async def _discard(context: Context) -> None:
    """Read until the caller ends its side or sends nothing for QUIET_SECONDS, but for at most LONGEST_SECONDS.

    Clients of grpc.aio lose a status that arrives during a write, and report INTERNAL instead (grpc#36066).
    """
    # InternalError: a reader of the stream was cancelled, and its read is still in progress.
    with contextlib.suppress(TimeoutError, grpc.aio.InternalError):
        async with asyncio.timeout(LONGEST_SECONDS):
            while await _next_request(context) is not grpc.aio.EOF:
                pass


async def _next_request(context: Context) -> object:
    async with asyncio.timeout(QUIET_SECONDS):
        return await context.read()
