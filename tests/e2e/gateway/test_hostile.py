"""No request of an anonymous caller keeps the gateway busy, increases its memory, or gets a long response."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from iotflow_cli.envoy.proxy import EnvoyProxy
from tests.e2e.gateway.errors import ACK, ONE, REGISTER
from tests.support.memory import resident
from tests.support.processes import PATIENCE, Running, free_port, running, wait_until_listening

MOST = 4_000_000
URL = 55_000
BODIES = {
    "brackets and a word": b"[" * 262_000 + b"NaN",
    "braces and a word": b'{"a":' * 52_000 + b"NaN",
    "brackets": b"[" * MOST,
    "one object in another": b'{"a":' * (MOST // 5),
    "a long word": b"NaN" * (MOST // 3),
    "a long text": b'{"command_id":"' + b"a" * MOST,
    "a long value": b'{"command_id":"' + b"a" * MOST + b'"}',
    "a long value of escapes": b'{"command_id":"' + b'\\"' * (MOST // 2) + b'"}',
    "a long value of characters": b'{"command_id":"' + "é".encode() * (MOST // 2) + b'"}',
    "a long name": b'{"' + b"a" * MOST + b'":1}',
    "blanks": b" " * MOST,
    "texts and blanks": b'{"a"' + b'"a" ' * (MOST // 4),
    "commas": b"[" + b"," * MOST,
}
QUERIES = {
    "a long list": "/api/v1/telemetry/latest?device_ids=" + "1," * (URL // 2),
    "a list of nothing": "/api/v1/telemetry/latest?device_ids=" + "," * URL,
    "many lists": "/api/v1/telemetry/latest?" + "device_ids=1&" * (URL // 13),
    "many parameters": "/api/v1/telemetry/1?" + "a=1&" * (URL // 4),
    "question marks": "/api/v1/telemetry/latest?" + "?" * URL,
    "a long parameter": "/health?" + "a" * URL,
    "a long number": "/api/v1/telemetry/" + "9" * URL,
    "a long path": "/" + "a" * URL,
    "slashes": "/a" + "/" * URL,
    "dots": "/." * (URL // 2),
}


@pytest.fixture(scope="module")
def attacked(server_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Running]]:
    """A caller of a gateway with the limits of `iotflow up`, and the process of the gateway."""
    gateway = EnvoyProxy(folder=tmp_path_factory.mktemp("attacked"), grpc_port=server_port, rest_port=free_port())
    gateway.prepare()
    with (
        running(gateway.command()) as process,
        httpx.Client(base_url=gateway.address, timeout=PATIENCE, trust_env=False) as client,
    ):
        wait_until_listening(gateway.rest_port, process)
        yield client, process


@pytest.mark.parametrize("path", [ONE, ACK, REGISTER])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_hostile_body_is_rejected_at_once(attacked: tuple[httpx.Client, Running], path: str, body: bytes) -> None:
    client, process = attacked
    before = resident(process.pid)
    began = time.monotonic()
    # One for each thread of the gateway.
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: client.post(path, content=body), range(2)))
    assert time.monotonic() - began < 5
    assert resident(process.pid) - before < 150 * 2**20
    for answer in answers:
        assert answer.status_code in (200, 201, 400, 501), answer.text[:300]
        assert len(answer.content) < 1_500


@pytest.mark.parametrize("path", QUERIES.values(), ids=QUERIES)
def test_a_hostile_url_is_answered_at_once(attacked: tuple[httpx.Client, Running], path: str) -> None:
    client, process = attacked
    before = resident(process.pid)
    began = time.monotonic()
    answer = client.get(path)
    assert time.monotonic() - began < 5
    assert resident(process.pid) - before < 50 * 2**20
    # The stand-in accepts shorter URLs than the server: 429.
    assert answer.status_code in (200, 400, 404, 429, 501), answer.text[:300]
    assert answer.is_success or len(answer.content) < 1_500
