"""The status of an error fits the headers of HTTP/2: its texts are cut, and its fields are bounded."""

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from iotflow_server.errors import InvalidArgument, LimitExceeded
from iotflow_server.interceptors.errors import short, status
from iotflow_server.interceptors.validation import ambiguous

MESSAGE, FIELD, DESCRIPTION, BYTES = 200, 150, 200, 1_500


def details(found: status_pb2.Status) -> tuple[error_details_pb2.ErrorInfo, error_details_pb2.BadRequest]:
    """The ErrorInfo and the BadRequest."""
    info, fields = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    assert found.details[0].Unpack(info)
    assert found.details[1].Unpack(fields)
    return info, fields


@pytest.mark.parametrize(
    ("text", "most", "shown"),
    [
        ("one two", 7, "one two"),
        ("one two!", 7, "one t …"),
        ("four two", 7, "four …"),
        ("one two three", 10, "one two …"),
        ("a " + "b" * 20, 10, "a bbbbbb …"),
        ("b" * 20, 10, "bbbbbbbb …"),
    ],
)
def test_a_text_is_cut_between_words_where_that_leaves_half_of_it(text: str, most: int, shown: str) -> None:
    assert short(text, most) == shown


@pytest.mark.parametrize("beyond", [0, 1], ids=["at the limit", "beyond"])
def test_each_text_may_be_as_long_as_its_limit(beyond: int) -> None:
    refusal = InvalidArgument("f" * (FIELD + beyond), "d" * (DESCRIPTION + beyond))
    _, fields = details(status(grpc.StatusCode.INVALID_ARGUMENT, refusal))
    (violation,) = fields.field_violations
    long = status(grpc.StatusCode.RESOURCE_EXHAUSTED, LimitExceeded("TOO_MUCH", "m" * (MESSAGE + beyond)))
    texts = {violation.field: FIELD, violation.description: DESCRIPTION, long.message: MESSAGE}
    assert [(len(text), text.endswith(" …")) for text in texts] == [(most, bool(beyond)) for most in texts.values()]


def test_fields_beyond_the_bytes_of_a_status_are_counted() -> None:
    (first, *others) = [(f"{number:03}" + "f" * 97, "d" * 100) for number in range(50)]
    refusal = InvalidArgument(*first, others=others)
    info, fields = details(status(grpc.StatusCode.INVALID_ARGUMENT, refusal))
    shown = len(fields.field_violations)
    assert fields.ByteSize() - fields.field_violations[-1].ByteSize() <= BYTES < fields.ByteSize()
    assert (info.metadata["field"], info.metadata["more_violations"]) == (first[0], str(50 - shown))


def test_a_field_with_two_values_is_named() -> None:
    refusal = ambiguous("device_id")
    assert (refusal.field, refusal.reason) == ("device_id", "AMBIGUOUS_FIELD")
    assert refusal.message.startswith("device_id has two values in this request")


def test_an_error_that_can_be_retried_states_the_pause() -> None:
    found = status(grpc.StatusCode.RESOURCE_EXHAUSTED, LimitExceeded("TOO_FAST", "Too fast.", retry_after=1.25))
    info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
    assert found.details[0].Unpack(info)
    assert found.details[-1].Unpack(retry)
    assert (info.reason, info.domain, info.metadata["retryable"]) == ("TOO_FAST", "iotflow", "true")
    assert retry.retry_delay.ToMilliseconds() == 1_250
