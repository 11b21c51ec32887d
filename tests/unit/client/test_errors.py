"""The error of a call, with the details of the server, and without any if they are damaged or not the server's."""

from typing import Any

import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import error_details_pb2, status_pb2
from grpc import StatusCode
from grpc.aio import Metadata

from iotflow.channels import credentials
from iotflow.errors import DETAILS_KEY, TRANSIENT, ServerError, deadline_exceeded, queue_full, server_error

INFO = error_details_pb2.ErrorInfo(
    domain="iotflow", reason="WRONG_VALUE", metadata={"retryable": "false", "field": "data.t"}
)


def details(*messages: Any) -> tuple[str, bytes]:
    status = status_pb2.Status()
    for message in messages:
        if isinstance(message, AnyMessage):
            status.details.append(message)
        else:
            status.details.add().Pack(message)
    return DETAILS_KEY, status.SerializeToString()


def error_of(
    *trailing: tuple[str, Any],
    code: StatusCode = StatusCode.INVALID_ARGUMENT,
    message: str | None = "wrong",
    initial: tuple[tuple[str, Any], ...] = (),
) -> ServerError:
    return server_error(grpc.aio.AioRpcError(code, Metadata(*initial), Metadata(*trailing), message))


def retry(seconds: int, nanos: int = 0) -> error_details_pb2.RetryInfo:
    info = error_details_pb2.RetryInfo()
    info.retry_delay.seconds, info.retry_delay.nanos = seconds, nanos
    return info


def violation(field: str) -> error_details_pb2.BadRequest:
    return error_details_pb2.BadRequest(field_violations=[error_details_pb2.BadRequest.FieldViolation(field=field)])


def test_an_error_has_the_reason_and_the_field_of_the_server() -> None:
    error = error_of(details(INFO))
    assert (error.code, error.reason, error.field) == (StatusCode.INVALID_ARGUMENT, "WRONG_VALUE", "data.t")
    assert (error.retryable, error.retry_after, error.request_id) == (False, None, "")
    assert (str(error), error.message) == ("wrong (WRONG_VALUE)", "wrong")


def test_the_field_of_the_reason_comes_before_that_of_a_bad_request() -> None:
    assert error_of(details(violation("other"), INFO)).field == "data.t"
    plain = error_details_pb2.ErrorInfo(domain="iotflow", reason="R")
    assert error_of(details(plain, violation("name"))).field == "name"
    assert error_of(details(plain)).field == ""


@pytest.mark.parametrize("code", list(StatusCode))
def test_without_details_of_the_server_the_code_tells_whether_to_retry(code: StatusCode) -> None:
    foreign = error_details_pb2.ErrorInfo(domain="proxy.example", reason="DENIED", metadata={"retryable": "true"})
    for error in (error_of(code=code), error_of(details(foreign), code=code)):
        assert (error.retryable, error.reason) == (code in TRANSIENT, "")


@pytest.mark.parametrize("other", ["a-bin", "grpc-trace-bin"])
def test_details_are_read_from_their_own_header_only(other: str) -> None:
    _, encoded = details(error_details_pb2.ErrorInfo(domain="iotflow", reason="OTHER"))
    info = error_details_pb2.ErrorInfo(domain="iotflow", reason="TRUE")
    for trailing in ([(other, encoded), details(info)], [details(info), (other, encoded)]):
        assert error_of(*trailing).reason == "TRUE"
    assert error_of((other, encoded)).reason == ""


@pytest.mark.parametrize("word", ["true", "false", ""])
def test_the_server_tells_whether_to_retry(word: str) -> None:
    info = error_details_pb2.ErrorInfo(domain="iotflow", metadata={"retryable": word})
    assert error_of(details(info), code=StatusCode.UNAVAILABLE).retryable is (word == "true")


@pytest.mark.parametrize(
    ("trailing", "seconds"),
    [
        ([details(retry(2, 500_000_000))], 2.5),
        ([details(retry(0))], 0.0),
        ([details(retry(-5))], None),
        ([details(retry(0, -1))], None),
        ([details(retry(3_601))], 3_600.0),
        ([details(retry(2**63 - 1))], 3_600.0),
        ([("retry-after", "9" * 400)], 3_600.0),
        ([("retry-after", "7")], 7.0),
        ([details(retry(2)), ("retry-after", "7")], 2.0),
        ([("retry-after", "Wed, 21 Oct 2026 07:28:00 GMT")], None),
        ([("retry-after", "-1")], None),
        ([("retry-after", "")], None),
        ([], None),
    ],
)
def test_the_delay_is_that_of_the_server_or_of_a_proxy(trailing: list[tuple[str, Any]], seconds: float | None) -> None:
    assert error_of(*trailing).retry_after == seconds


def test_the_request_id_is_in_the_metadata_at_the_end_or_at_the_beginning() -> None:
    assert error_of(("x-request-id", "end"), initial=(("x-request-id", "begin"),)).request_id == "end"
    assert error_of(initial=(("x-request-id", "begin"),)).request_id == "begin"


def test_a_status_without_a_message_has_its_name() -> None:
    error = error_of(message=None)
    assert (error.message, str(error)) == ("INVALID_ARGUMENT", "INVALID_ARGUMENT (INVALID_ARGUMENT)")


@pytest.mark.parametrize(
    "damaged",
    [
        (DETAILS_KEY, b"\xff\xff"),
        (DETAILS_KEY, b""),
        details(AnyMessage(type_url="type.googleapis.com/google.rpc.ErrorInfo", value=b"\xff\xff")),
        details(AnyMessage(type_url="type.googleapis.com/iotflow.Unknown", value=b"\xff\xff")),
    ],
)
def test_damaged_details_are_ignored(damaged: tuple[str, Any]) -> None:
    error = error_of(damaged, code=StatusCode.UNAVAILABLE)
    assert (error.code, error.message, error.reason, error.retryable) == (StatusCode.UNAVAILABLE, "wrong", "", True)


def test_errors_of_the_client_itself_can_be_retried() -> None:
    late, full = deadline_exceeded("late"), queue_full("full")
    assert (late.code, late.reason, late.retryable) == (StatusCode.DEADLINE_EXCEEDED, "", True)
    assert (full.code, full.reason, full.retryable) == (StatusCode.RESOURCE_EXHAUSTED, "QUEUE_FULL", True)


def test_calls_have_the_credentials_that_are_given() -> None:
    key, bearer = ("x-api-key", "k"), ("authorization", "Bearer t")
    assert credentials() == ()
    assert credentials("k") == (key,)
    assert credentials(token="t") == (bearer,)
    assert credentials("k", "t") == (key, bearer)
