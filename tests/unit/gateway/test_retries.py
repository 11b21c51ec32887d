"""Which failures of the server are final, and how often the others are repeated."""

import asyncio
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2
from grpc import StatusCode
from grpc.aio import Metadata
from structlog.testing import capture_logs

from iotflow.errors import DETAILS_KEY, ServerError
from iotflow_gateway import retries
from iotflow_gateway.pipeline.message import Rejected
from iotflow_gateway.retries import TRIES, StreamFailures, aborts_stream, call_with_retries, gave_up, is_fatal, is_fault

PATIENCE = 5.0


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iotflow.channels.random.uniform", lambda *_: 0.001)


def failure(code: StatusCode, *, retryable: bool | None = False, field: str = "") -> grpc.aio.AioRpcError:
    """retryable: as the server says; None: the error is not the server's."""
    status = status_pb2.Status()
    if retryable is not None:
        words = {"retryable": str(retryable).lower(), "field": field}
        status.details.add().Pack(error_details_pb2.ErrorInfo(domain="iotflow", reason="REASON", metadata=words))
    return grpc.aio.AioRpcError(code, Metadata(), Metadata((DETAILS_KEY, status.SerializeToString())), "problem")


class Server:
    """Fails with the errors in order, and answers then."""

    def __init__(self, *failures: Exception) -> None:
        self._failures = list(failures)
        self.calls = 0

    async def __call__(self) -> str:
        self.calls += 1
        if self._failures:
            raise self._failures.pop(0)
        return "answer"


async def called(server: Callable[[], Any], **options: int) -> object:
    async with asyncio.timeout(PATIENCE):
        return await call_with_retries(server, **options)


UNAVAILABLE = failure(StatusCode.UNAVAILABLE, retryable=None)
FAULT = failure(StatusCode.INTERNAL)


@pytest.mark.parametrize("error", [UNAVAILABLE, TimeoutError(), failure(StatusCode.UNAUTHENTICATED)])
async def test_a_call_is_repeated_while_the_server_is_unavailable(error: Exception) -> None:
    """However often, and also while it does not accept the adapter."""
    server = Server(*[error] * (3 * TRIES))
    assert await called(server) == "answer"
    assert server.calls == 3 * TRIES + 1


async def test_a_server_that_does_not_answer_in_time_is_called_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "ANSWER_SECONDS", 0.001)
    calls = 0

    async def call() -> str:
        nonlocal calls
        calls += 1
        if calls == 1:
            await asyncio.Event().wait()
        return "answer"

    assert await called(call) == "answer"
    assert calls == 2


async def test_a_request_over_which_the_server_fails_is_tried_as_often_as_the_limit() -> None:
    server = Server(*[FAULT] * (TRIES - 1))
    assert await called(server) == "answer"
    server = Server(*[FAULT] * TRIES)
    with pytest.raises(Rejected, match="failed over this message at each attempt.*Last error: problem") as rejected:
        await called(server)
    assert (server.calls, rejected.value.reason, rejected.value.retryable) == (TRIES, "REASON", True)


async def test_the_number_of_attempts_can_be_given_and_counts_faults_only() -> None:
    server = Server(UNAVAILABLE, FAULT, UNAVAILABLE, FAULT)
    with pytest.raises(Rejected):
        await called(server, tries=2)
    assert server.calls == 4


async def test_a_rejected_request_is_not_repeated() -> None:
    server = Server(failure(StatusCode.INVALID_ARGUMENT, field="name"))
    with pytest.raises(Rejected, match="problem") as rejected:
        await called(server)
    assert (server.calls, rejected.value.reason, rejected.value.field) == (1, "REASON", "name")
    assert not rejected.value.retryable


async def test_the_code_is_the_reason_of_an_error_that_is_not_the_servers() -> None:
    with pytest.raises(Rejected) as rejected:
        await called(Server(failure(StatusCode.NOT_FOUND, retryable=None)))
    assert rejected.value.reason == "NOT_FOUND"


async def test_an_unexpected_error_of_a_call_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        await called(Server(ZeroDivisionError()))


async def test_the_delay_that_the_server_asks_for_is_kept() -> None:
    status = status_pb2.Status()
    status.details.add().Pack(error_details_pb2.RetryInfo(retry_delay=Duration(nanos=50_000_000)))
    details = Metadata((DETAILS_KEY, status.SerializeToString()))
    loop = asyncio.get_running_loop()
    start = loop.time()
    await called(Server(grpc.aio.AioRpcError(StatusCode.UNAVAILABLE, Metadata(), details)))
    assert loop.time() - start >= 0.05


@pytest.mark.parametrize(
    ("code", "fatal", "fault", "aborts"),
    [
        (StatusCode.UNAUTHENTICATED, True, False, False),
        (StatusCode.PERMISSION_DENIED, True, False, False),
        (StatusCode.UNIMPLEMENTED, True, False, False),
        (StatusCode.INTERNAL, False, True, True),
        (StatusCode.UNKNOWN, False, True, True),
        (StatusCode.DATA_LOSS, False, True, True),
        (StatusCode.UNAVAILABLE, False, False, False),
        (StatusCode.INVALID_ARGUMENT, False, False, False),
    ],
)
def test_kinds_of_errors(code: StatusCode, *, fatal: bool, fault: bool, aborts: bool) -> None:
    final, temporary = ServerError(code, ""), ServerError(code, "", retryable=True)
    assert (is_fatal(final), is_fault(final), aborts_stream(final)) == (fatal, fault, aborts)
    assert (is_fatal(temporary), is_fault(temporary), aborts_stream(temporary)) == (False, False, aborts)
    assert gave_up(final).retryable is aborts
    assert gave_up(final).reason == code.name


def test_a_store_that_failed_aborts_the_stream() -> None:
    error = ServerError(StatusCode.UNAVAILABLE, "", reason="STORE_FAILED", retryable=True)
    assert aborts_stream(error)
    assert (gave_up(error).reason, gave_up(error).retryable) == ("STORE_FAILED", True)


def test_a_stream_is_restarted_with_rising_delays_until_it_works() -> None:
    failures = StreamFailures("accounts", longest=0.5)
    error = ServerError(StatusCode.UNAVAILABLE, "away", retryable=True)
    # A thousandth of 0.2 s, which doubles up to the longest.
    assert [round(failures.delay(error), 6) for _ in range(4)] == [0.0002, 0.0004, 0.0005, 0.0005]
    failures.reset()
    assert round(failures.delay(error), 6) == 0.0002
    later = ServerError(StatusCode.UNAVAILABLE, "away", retryable=True, retry_after=3.0)
    assert failures.delay(later) > 3.0


def test_a_stream_that_the_server_rejects_ends() -> None:
    error = ServerError(StatusCode.UNAUTHENTICATED, "no token")
    with pytest.raises(ServerError) as raised:
        StreamFailures("accounts", longest=1.0).delay(error)
    assert raised.value is error


def test_a_failure_of_a_stream_is_logged_once_in_a_while_if_the_server_is_available() -> None:
    failures = StreamFailures("accounts", longest=1.0)
    with capture_logs() as lines:
        failures.delay(ServerError(StatusCode.UNAVAILABLE, "away", retryable=True))
        for _ in range(3):
            failures.delay(ServerError(StatusCode.INTERNAL, "fault"))
    assert lines == [
        {"event": "stream_failed", "log_level": "warning", "problem": "fault (INTERNAL)", "stream": "accounts"}
    ]
