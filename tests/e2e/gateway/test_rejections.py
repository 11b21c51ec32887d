"""Requests that the gateway rejects itself, and its errors."""

import httpx
import pytest

from tests.e2e.gateway.errors import ACK, REGISTER, TYPE, check, error, field_error

NO_NUMBER = "there is no NaN and no Infinity in JSON; leave such a value out"


@pytest.mark.parametrize(
    ("path", "body", "field", "what"),
    [
        (REGISTER, '{"name":5}', "name", "must be a text, not 5"),
        (REGISTER, '{"name":true}', "name", "must be a text, not true"),
        (REGISTER, '{"name":{"a":1}}', "name", "must be a single value, not an object"),
        (REGISTER, '{"name":["a"]}', "body", "has a list where a single value belongs"),
        (REGISTER, '{"":1}', "body", "has a field without a name"),
        (ACK, '{"result":"x"}', "result", "must be an object, not 'x'"),
        (ACK, '{"command_id":"a\\"]}"}', "command_id", "must be a whole number of 64 bits, not 'a']}'"),
        (ACK, '{"command_id":"a\\\\"}', "command_id", "must be a whole number of 64 bits, not 'a '"),
        (ACK, '{"command_id":1.5}', "command_id", "must be a whole number of 64 bits, not 1.5"),
        (ACK, '{"command_id":8}', "command_id", "is '7' in the path and 8 in the body"),
        (ACK, '{"command_id":"8"}', "command_id", "is '7' in the path and '8' in the body"),
    ],
)
def test_the_error_of_a_wrong_type_in_a_body_names_the_field(
    rest: httpx.Client, path: str, body: str, field: str, what: str
) -> None:
    check(rest.post(path, content=body), 400, field_error("INVALID_ARGUMENT", field, f"{field} {what}."))


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"{", "it ends too early"),
        (b" ", "it ends too early"),
        (b'{"name":"a', "it ends within a text"),
        (b"hello", "a value is expected, at hello"),
        (b'{"name":}', "a value is expected, at }"),
        (b'{"name" 1}', "expected : between key:value pair, at 1}"),
        (b"{} x", "more follows its end, at x"),
        (b'{"name":"\xff\xfe"}', "it is not text in UTF-8"),
        (b'{"a":1e999}', "a number is too large, at 1e999}"),
        (b'{"a":' * 200, "it is nested too deeply"),
        (b"[" * 200, "it is nested too deeply"),
        (b'{"name":NaN}', f"{NO_NUMBER}, at NaN}}"),
        (b'{"name":-Infinity}', f"{NO_NUMBER}, at -Infinity}}"),
        (b'{"a":[1,Infinity]}', f"{NO_NUMBER}, at Infinity]}}"),
        (b'\xef\xbb\xbf{"name":"a"}', "it begins with a byte order mark; leave that out"),
    ],
)
def test_the_error_of_malformed_json_names_the_position(rest: httpx.Client, body: bytes, what: str) -> None:
    check(rest.post(REGISTER, content=body), 400, error(3, "BAD_JSON", f"The body is not JSON: {what}."))


@pytest.mark.parametrize("body", ["[1]", "5", '"x"', "null"])
def test_a_body_that_is_not_an_object_is_rejected(rest: httpx.Client, body: str) -> None:
    check(rest.post(REGISTER, content=body), 400, error(3, "BAD_JSON", "The body must be a JSON object."))


@pytest.mark.parametrize("name", ["NaN", '"Infinity", they said'])
def test_words_for_numbers_are_accepted_in_texts(rest: httpx.Client, name: str) -> None:
    assert rest.post("/api/v1/devices/register", json={"name": name}).json()["device"]["name"] == name


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/health?foo=1", "foo"),
        ("/api/v1/telemetry/1?limit=5&fo%22o=1", "fo%22o"),
        (f"/health?{'a' * 40_000}=1", f"{'a' * 40} …"),
    ],
)
def test_the_error_of_an_unknown_parameter_names_it(rest: httpx.Client, path: str, parameter: str) -> None:
    expected = field_error("UNKNOWN_PARAMETER", parameter, f"{parameter} is no parameter of this path.")
    check(rest.get(path), 400, expected)


@pytest.mark.parametrize(
    ("path", "field", "what"),
    [
        ("/api/v1/telemetry/abc", "device_id", "must be a whole number of 32 bits, not 'abc'"),
        ("/api/v1/telemetry/1?limit=x", "limit", "must be a whole number of 32 bits, not 'x'"),
        ("/api/v1/telemetry/1?limit=99999999999", "limit", "must be a whole number of 32 bits, not '99999999999'"),
        ("/api/v1/telemetry/1?limit=1&limit=2", "limit", "is given twice"),
        ("/api/v1/telemetry/latest?device_ids=1,x", "device_ids", "must be a whole number of 32 bits, not 'x'"),
        ("/health?detailed=maybe", "detailed", "must be true or false, not 'maybe'"),
    ],
)
def test_the_error_of_a_wrong_value_in_a_url_names_the_field(
    rest: httpx.Client, path: str, field: str, what: str
) -> None:
    check(rest.get(path), 400, field_error("INVALID_ARGUMENT", field, f"{field} {what}."))


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/nowhere"), ("GET", "/nowhere%22x"), ("POST", "/iotflow.v1.SystemService/GetHealth")],
)
def test_an_unknown_path_is_not_found(rest: httpx.Client, method: str, path: str) -> None:
    check(rest.request(method, path), 404, error(5, "UNKNOWN_PATH", f"There is no {method} {path}."))


def test_a_too_large_body_is_rejected(rest: httpx.Client) -> None:
    expected = error(8, "BODY_TOO_LARGE", "The body is larger than 100000 bytes.", limit_bytes="100000")
    check(rest.post("/api/v1/devices/register", json={"name": "a" * 100_000}), 413, expected)


def test_a_body_at_the_limit_is_accepted(rest: httpx.Client) -> None:
    assert rest.post("/api/v1/devices/register", json={"name": "a" * 99_000}).status_code == 201


def test_too_large_headers_are_rejected(rest: httpx.Client) -> None:
    answer = rest.get("/health", headers={"x": "a" * 100_000})
    check(answer, 431, error(8, "HEADERS_TOO_LARGE", "The headers are too large."))


@pytest.mark.parametrize("path", ["/health", "/api/v1/telemetry/stream"])
def test_a_call_without_a_server_is_unavailable(alone: httpx.Client, path: str) -> None:
    answer = alone.get(path)
    cause = answer.json()["details"][0]["metadata"]["cause"]
    message = "The server cannot be reached now; the request may be sent again."
    expected = error(14, "UPSTREAM_UNAVAILABLE", message, retryable=True, cause=cause)
    retry = {"@type": f"{TYPE}RetryInfo", "retry_delay": "1s"}
    check(answer, 503, {**expected, "details": [*expected["details"], retry]})
    assert answer.headers["retry-after"] == "1"
    assert "remote_connection_failure" in cause


def test_a_call_of_a_slow_server_times_out(impatient: httpx.Client) -> None:
    message = "The server did not answer in time; the request may be sent again."
    expected = error(4, "TIMEOUT", message, retryable=True, cause="response_timeout")
    check(impatient.get("/api/v1/telemetry/404"), 504, expected)
