"""What the gateway itself refuses, and how it says so."""

from typing import Any

import httpx
import pytest

BATCH = "/api/v1/devices/telemetry/batch"
ONE = "/api/v1/devices/telemetry"
TYPE = "type.googleapis.com/google.rpc."


def refusal(code: int, reason: str, message: str, retryable: bool = False, **metadata: str) -> dict[str, Any]:
    """A google.rpc.Status as the gateway makes them."""
    known = {"retryable": str(retryable).lower(), **metadata}
    info = {"@type": f"{TYPE}ErrorInfo", "reason": reason, "domain": "iotflow", "metadata": known}
    return {"code": code, "message": message, "details": [info]}


def at_fault(refused: dict[str, Any], field: str, description: str) -> dict[str, Any]:
    """The same with the field named."""
    [info] = refused["details"]
    named = {**info, "metadata": {**info["metadata"], "field": field}}
    violations = [{"field": field, "description": description}]
    return {**refused, "details": [named, {"@type": f"{TYPE}BadRequest", "field_violations": violations}]}


def check(answer: httpx.Response, status: int, expected: dict[str, Any]) -> None:
    """The whole answer."""
    assert answer.json() == expected
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json")
    assert "x-refused-by-gateway" not in answer.headers


@pytest.mark.parametrize(
    ("path", "body", "field", "description"),
    [
        (ONE, '{"data":"x"}', "data", 'invalid value "x" for type type.googleapis.com/google.protobuf.Struct'),
        (ONE, '{"data":{},"device_id":"a\\"]}"}', "device_id", 'invalid value "a"]}" for type TYPE_INT32'),
        (ONE, '{"data":{},"device_id":"a\\\\"}', "device_id", 'invalid value "a\\" for type TYPE_INT32'),
        (ONE, '{"data":{},"device_id":1.5}', "device_id", "invalid value 1.5 for type TYPE_INT32"),
        (BATCH, '{"atomic":1}', "atomic", "invalid value 1 for type TYPE_BOOL"),
        (
            BATCH,
            '{"readings":[{"data":{}},{"timestamp":5}]}',
            "readings[1].timestamp",
            "invalid value 5 for type TYPE_STRING",
        ),
        (ONE, '{"timestamp":{"a":1}}', "timestamp", "an object does not fit here"),
        (BATCH, '{"readings":[{"timestamp":{}}]}', "readings[0].timestamp", "an object does not fit here"),
        (BATCH, '{"readings":[{"data":[1]}]}', "readings[0]", "Proto field is not repeating, cannot start list."),
    ],
)
def test_wrong_type_in_a_body_names_the_field(
    rest: httpx.Client, path: str, body: str, field: str, description: str
) -> None:
    expected = at_fault(refusal(3, "INVALID_ARGUMENT", f"{field}: {description}"), field, description)
    check(rest.post(path, content=body), 400, expected)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"data":', "Unexpected end of string. Expected a value.\n\n^"),
        (b"NaN", "Unexpected token.\nNaN\n^"),
        (b'{"data":{"a":1e999}}', 'Number exceeds the range of double.\n{"data":{"a":1e999}}\n             ^'),
        (b"{} x", "Parsing terminated before end of input.\n{} x\n   ^"),
        (b'{"data":"\xff\xfe"}', 'Encountered non UTF-8 code points.\n\xff\xfe"}\n^'),
    ],
)
def test_bad_json_shows_where(rest: httpx.Client, body: bytes, message: str) -> None:
    check(rest.post(ONE, content=body), 400, refusal(3, "BAD_JSON", message))


@pytest.mark.parametrize("body", ["[1]", "5", '"x"', "null"])
def test_body_must_be_an_object(rest: httpx.Client, body: str) -> None:
    check(rest.post(ONE, content=body), 400, refusal(3, "BAD_JSON", "The body must be a JSON object."))


@pytest.mark.parametrize(
    ("body", "field", "word"),
    [
        ('{"data":{"a":NaN}}', "data.a", "NaN"),
        ('{"data": {"a b" : [1, {"x":"NaN"}, -Infinity]}}', "data.a b[2]", "-Infinity"),
        ('{"data":{"a":{"b":[[],[Infinity]]}}}', "data.a.b[1][0]", "Infinity"),
        ('{"metadata":{"a":"\\"]}"},"data":{"a":NaN}}', "data.a", "NaN"),
    ],
)
def test_numbers_that_json_lacks_are_named(rest: httpx.Client, body: str, field: str, word: str) -> None:
    description = f"{word} is not JSON"
    expected = at_fault(refusal(3, "BAD_JSON", f"{field}: {description}"), field, description)
    check(rest.post(ONE, content=body), 400, expected)


@pytest.mark.parametrize("name", ["NaN", '"Infinity", they said'])
def test_words_are_no_numbers(rest: httpx.Client, name: str) -> None:
    assert rest.post("/api/v1/devices/register", json={"name": name}).json()["device"]["name"] == name


@pytest.mark.parametrize(
    ("path", "parameter"), [("/health?foo=1", "foo"), ("/api/v1/telemetry/1?limit=5&fo%22o=1", "fo%22o")]
)
def test_unknown_parameter_is_named(rest: httpx.Client, path: str, parameter: str) -> None:
    refused = refusal(3, "UNKNOWN_PARAMETER", f'There is no parameter "{parameter}" here.')
    check(rest.get(path), 400, at_fault(refused, parameter, "no such parameter"))


@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        ("/api/v1/telemetry/abc", "device_id", "abc"),
        ("/api/v1/telemetry/1?limit=x", "limit", "x"),
        ("/api/v1/telemetry/latest?device_ids=1,x", "device_ids", "x"),
    ],
)
def test_wrong_type_in_a_url_names_the_field(rest: httpx.Client, path: str, field: str, value: str) -> None:
    description = f'invalid value "{value}" for type TYPE_INT32'
    expected = at_fault(refusal(3, "INVALID_ARGUMENT", f"{field}: {description}"), field, description)
    check(rest.get(path), 400, expected)


def test_url_and_body_must_agree(rest: httpx.Client) -> None:
    message = 'The binding value "7" of the field command_id is conflicting with the value 8 in the body.'
    expected = at_fault(refusal(3, "INVALID_ARGUMENT", message), "command_id", message)
    check(rest.post("/api/v1/devices/commands/7/ack", json={"command_id": 8}), 400, expected)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/nowhere"),
        ("GET", "/nowhere%22x"),
        ("POST", "/health"),
        ("PATCH", "/api/v1/devices/config"),
        ("POST", "/iotflow.v1.SystemService/GetHealth"),
    ],
)
def test_unknown_path_or_method(rest: httpx.Client, method: str, path: str) -> None:
    check(rest.request(method, path), 404, refusal(5, "UNKNOWN_PATH", f"There is no {method} {path}."))


def test_large_body(rest: httpx.Client) -> None:
    expected = refusal(8, "BODY_TOO_LARGE", "The body is larger than 100000 bytes.", limit_bytes="100000")
    check(rest.post("/api/v1/devices/register", json={"name": "a" * 100_000}), 413, expected)


def test_body_just_within_the_limit(rest: httpx.Client) -> None:
    assert rest.post("/api/v1/devices/register", json={"name": "a" * 99_000}).status_code == 201


def test_large_headers(rest: httpx.Client) -> None:
    answer = rest.get("/health", headers={"x": "a" * 100_000})
    check(answer, 431, refusal(8, "HEADERS_TOO_LARGE", "The headers are too large."))


@pytest.mark.parametrize("path", ["/health", "/api/v1/telemetry/stream"])
def test_server_is_down(alone: httpx.Client, path: str) -> None:
    answer = alone.get(path)
    cause = answer.json()["details"][0]["metadata"]["cause"]
    message = "The server cannot be reached now; the request may be sent again."
    expected = refusal(14, "UPSTREAM_UNAVAILABLE", message, retryable=True, cause=cause)
    retry = {"@type": f"{TYPE}RetryInfo", "retry_delay": "1s"}
    check(answer, 503, {**expected, "details": [*expected["details"], retry]})
    assert answer.headers["retry-after"] == "1"
    assert "remote_connection_failure" in cause


def test_server_is_slow(impatient: httpx.Client) -> None:
    message = "The server did not answer in time; the request may be sent again."
    expected = refusal(4, "TIMEOUT", message, retryable=True, cause="response_timeout")
    check(impatient.get("/api/v1/telemetry/404"), 504, expected)
