"""HTTP at the gateway: versions, methods, content types, and time limits."""

import json
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest

from iotflow_cli.envoy.proxy import EnvoyProxy
from tests.e2e.gateway.conftest import open_gateway
from tests.e2e.gateway.errors import REGISTER, check, error
from tests.support.processes import PATIENCE

BODY = b'{"name":"a"}'


def raw(port: int, request: bytes) -> bytes:
    """All bytes that the gateway sends before it closes the connection."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        connection.sendall(request)
        with connection.makefile("rb") as answer:
            return answer.read()


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /health HTTP/1.0\r\n\r\n", b"200 OK"),
        (b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n", b"200 OK"),
        (b"POST /api/v1/devices/register HTTP/1.0\r\nContent-Length: 12\r\n\r\n" + BODY, b"201 Created"),
    ],
)
def test_http_1_0_is_served(gateway: EnvoyProxy, request_: bytes, status: bytes) -> None:
    answer = raw(gateway.rest_port, request_)
    assert answer.startswith(b"HTTP/1.0 " + status)
    head, body = answer.split(b"\r\n\r\n", 1)
    assert b"transfer-encoding" not in head
    assert json.loads(body)


@pytest.mark.parametrize("sent", [b"", BODY[:5]])
def test_an_incomplete_body_is_answered_408(server_port: int, tmp_path: Path, sent: bytes) -> None:
    head = b"POST /api/v1/devices/register HTTP/1.1\r\nHost: localhost\r\nContent-Length: 12\r\n\r\n"
    with open_gateway(EnvoyProxy(folder=tmp_path, grpc_port=server_port, body_timeout="0.2s")) as waiting:
        answer = raw(waiting.rest_port, head + sent)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert json.loads(answer.split(b"\r\n\r\n", 1)[1])["details"][0]["reason"] == "TIMEOUT"


def test_a_call_may_take_longer_than_the_time_limit_of_its_body(server_port: int, tmp_path: Path) -> None:
    settings = EnvoyProxy(folder=tmp_path, grpc_port=server_port, body_timeout="0.1s", unary_timeout="0.5s")
    with open_gateway(settings) as waiting:
        answer = httpx.get(f"{waiting.address}/api/v1/telemetry/404", trust_env=False, timeout=PATIENCE)
    assert answer.json()["details"][0]["metadata"]["cause"] == "response_timeout"


@pytest.mark.parametrize(
    ("path", "status"),
    [("/health", 200), ("/metrics", 200), ("/api/v1/telemetry/stream?fields=once", 200), ("/nowhere", 404)],
)
def test_head_is_a_get_without_the_body(gateway: EnvoyProxy, rest: httpx.Client, path: str, status: int) -> None:
    # The next response on the connection would begin with the rest of the body.
    after = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    head, then = raw(gateway.rest_port, b"HEAD %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % path.encode() + after).split(
        b"\r\n\r\n", 1
    )
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert then.startswith(b"HTTP/1.1 200 OK\r\n")
    headers, same = rest.head(path).headers, rest.get(path).headers
    for name in ("content-type", "content-length"):
        assert headers.get(name) == same.get(name)


@pytest.mark.parametrize(
    ("method", "path", "methods"),
    [
        ("POST", "/health", "GET, HEAD"),
        ("OPTIONS", "/health", "GET, HEAD"),
        ("HEAD", REGISTER, "POST"),
        ("DELETE", REGISTER, "POST"),
        ("PATCH", "/api/v1/devices/config", "GET, HEAD, POST, PUT"),
        ("PUT", "/api/v1/devices/rotate-key?now=1", "POST"),
        ("PATCH", "/api/v1/telemetry/1", "DELETE, GET, HEAD"),
        ("POST", "/api/v1/admin/devices/1/config/versions", "GET, HEAD"),
    ],
)
def test_other_methods_of_a_path_are_405_with_allow(rest: httpx.Client, method: str, path: str, methods: str) -> None:
    answer = rest.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, methods)
    if method != "HEAD":
        message = f"This path has no {method}; it has {methods}."
        check(answer, 405, error(12, "METHOD_NOT_ALLOWED", message))


@pytest.mark.parametrize("path", ["/health/x", "/api/v1/devices/rotatexkey", "/api/v1/telemetry/1/2/3"])
def test_an_unknown_path_is_404(rest: httpx.Client, path: str) -> None:
    assert rest.put(path).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "application/json"},
        {"content-type": "application/json; charset=utf-8"},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-encoding": "identity"},
    ],
)
def test_a_body_is_json_for_every_common_content_type(rest: httpx.Client, headers: dict[str, str]) -> None:
    assert rest.post(REGISTER, content=BODY, headers=headers).status_code == 201


@pytest.mark.parametrize(
    ("headers", "word"),
    [
        ({"content-encoding": "gzip"}, "content-encoding"),
        ({"content-encoding": "Deflate"}, "content-encoding"),
        ({"content-type": "application/x-protobuf"}, "protobuf"),
        ({"content-type": "application/protobuf"}, "protobuf"),
        ({"content-type": "application/vnd.google.protobuf"}, "protobuf"),
    ],
)
def test_a_body_of_another_content_type_is_415(rest: httpx.Client, headers: dict[str, str], word: str) -> None:
    answer = rest.post(REGISTER, content=b"\x1f\x8b\x08", headers=headers)
    refused: dict[str, Any] = answer.json()
    assert (answer.status_code, refused["details"][0]["reason"]) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert word in refused["message"]


@pytest.mark.parametrize("request_", [b"GARBAGE\r\n\r\n", b"GET /health HTTP/1.1\r\n\r\n"])
def test_a_request_that_is_not_http_gets_a_readable_error(gateway: EnvoyProxy, request_: bytes) -> None:
    answer = raw(gateway.rest_port, request_)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert json.loads(answer.split(b"\r\n\r\n", 1)[1])["message"].startswith("This is no valid HTTP request: ")
