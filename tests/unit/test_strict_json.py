"""Bodies of requests for credentials have the same errors as readings."""

import pytest
from google.api.httpbody_pb2 import HttpBody

from iotflow.v1.token_service_pb2 import CreateTokenRequest
from iotflow_server.errors import InvalidArgument
from iotflow_server.rpc.codec.json_bodies import MOST_BODY_BYTES, fill, json_object

TOKEN = b'{"name": "ci", "role": "viewer"}'


@pytest.mark.parametrize(
    "body", [b"\xef\xbb\xbf" + TOKEN, b"\x1f\x8b" + TOKEN, b'{"name": "ci",}', b'{"name": NaN}', b"[]", b"{"]
)
def test_a_body_that_is_not_an_object_has_the_error_of_readings(body: bytes) -> None:
    with pytest.raises(InvalidArgument) as expected:
        json_object(body)
    with pytest.raises(InvalidArgument) as refused:
        fill(CreateTokenRequest(), HttpBody(data=body))
    assert (refused.value.reason, refused.value.violations) == ("BAD_JSON", expected.value.violations)


@pytest.mark.parametrize("body", [TOKEN + b" " * MOST_BODY_BYTES, b'{"name": ' + b"[" * 1_000 + b"]" * 1_000 + b"}"])
def test_long_and_deep_bodies_are_rejected(body: bytes) -> None:
    with pytest.raises(InvalidArgument):
        fill(CreateTokenRequest(), HttpBody(data=body))


def test_a_valid_body_is_parsed() -> None:
    made = fill(CreateTokenRequest(), HttpBody(data=TOKEN))
    assert (made.name, made.role) == ("ci", "viewer")
