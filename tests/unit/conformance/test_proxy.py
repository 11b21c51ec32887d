"""The proxy of the conformance runner does to connections what it says."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import httpx
import pytest

from clients.conformance.certificates import Certificates
from clients.conformance.proxy import Faults, Proxy
from iotflow.v1.telemetry_service_pb2 import GetLatestTelemetryRequest
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub

pytestmark = pytest.mark.usefixtures("loop_of_the_module")

PATIENCE = 10.0


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send back what comes, and end when the other side does."""
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


@asynccontextmanager
async def proxied() -> AsyncIterator[Proxy]:
    """A proxy before a server that echoes."""
    async with asyncio.timeout(PATIENCE), await asyncio.start_server(echo, "127.0.0.1", 0) as server:
        proxy = Proxy(server.sockets[0].getsockname()[1])
        await proxy.open()
        try:
            yield proxy
        finally:
            await proxy.end()


@asynccontextmanager
async def connected(proxy: Proxy) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection over which a message has passed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        writer.write(b"first")
        assert await reader.readexactly(5) == b"first"
        yield reader, writer
    finally:
        writer.transport.abort()


async def test_bytes_pass_and_attempts_are_counted() -> None:
    async with proxied() as proxy, connected(proxy), connected(proxy):
        assert len(proxy.attempts) == 2


async def test_a_kill_resets_connections_and_lets_new_ones_pass() -> None:
    async with proxied() as proxy, connected(proxy) as (reader, _):
        proxy.kill()
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(1)
        async with connected(proxy):
            assert len(proxy.attempts) == 2


async def test_a_refused_connection_is_reset_and_counted() -> None:
    async with proxied() as proxy:
        proxy.refuse = True
        with pytest.raises(ConnectionResetError):
            async with connected(proxy):
                pass
        assert len(proxy.attempts) == 1


async def test_the_system_refuses_connections_to_a_closed_port_until_it_is_opened() -> None:
    async with proxied() as proxy:
        await proxy.close()
        with pytest.raises(ConnectionRefusedError):
            async with connected(proxy):
                pass
        await proxy.open()
        async with connected(proxy):
            assert len(proxy.attempts) == 1


async def test_a_delay_holds_bytes_up_in_both_directions() -> None:
    async with proxied() as proxy, connected(proxy) as (reader, writer):
        proxy.faults = Faults(delay=0.05)
        began = time.monotonic()
        writer.write(b"x")
        await reader.readexactly(1)
        assert time.monotonic() - began >= 0.1


async def test_a_throttle_passes_no_more_than_its_rate() -> None:
    async with proxied() as proxy, connected(proxy) as (reader, writer):
        proxy.faults = Faults(bytes_per_second=40_000)
        began = time.monotonic()
        writer.write(bytes(8_000))
        await reader.readexactly(8_000)
        assert time.monotonic() - began >= 8_000 / 40_000


async def test_a_half_close_ends_one_direction() -> None:
    async with proxied() as proxy, connected(proxy) as (reader, writer):
        proxy.half_close()
        writer.write(b"still taken")
        assert await reader.read() == b""


async def test_swallowed_bytes_never_arrive() -> None:
    async with proxied() as proxy, connected(proxy) as (reader, writer):
        proxy.faults = Faults(swallow=True)
        writer.write(b"lost")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.readexactly(1), 0.2)


async def test_a_connection_is_cut_after_a_number_of_bytes() -> None:
    async with proxied() as proxy:
        proxy.faults = Faults(cut_after=10)
        async with connected(proxy) as (reader, writer):
            writer.write(b"too much")
            with pytest.raises(ConnectionResetError):
                await reader.readexactly(1)


async def test_held_bytes_arrive_after_those_of_a_later_connection() -> None:
    async with proxied() as proxy, connected(proxy) as (reader, writer):
        proxy.hold()
        writer.write(b"late")
        async with connected(proxy):
            await proxy.release()
        assert await reader.readexactly(4) == b"late"


async def test_tls_ends_in_the_proxy_and_failed_handshakes_are_counted(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path)
    trusting = ssl.create_default_context(cafile=certificates.authority())
    async with proxied() as proxy:
        proxy.tls = certificates.server_context("other_authority", client_required=False)
        with pytest.raises(ssl.SSLCertVerificationError):
            await asyncio.open_connection("127.0.0.1", proxy.port, ssl=trusting)
        proxy.tls = certificates.server_context("good", client_required=False)
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port, ssl=trusting)
        writer.write(b"first")
        assert await reader.readexactly(5) == b"first"
        assert len(proxy.attempts) == 2
        writer.transport.abort()


async def test_a_port_of_another_protocol_answers_the_first_bytes_and_closes() -> None:
    async with proxied() as proxy:
        proxy.other_protocol = b"SSH-2.0"
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"PRI * HTTP/2.0")
        assert await reader.read() == b"SSH-2.0"
        writer.close()
        proxy.other_protocol = None
        async with connected(proxy):
            assert len(proxy.attempts) == 2


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, grpc.StatusCode.UNAUTHENTICATED),
        (403, grpc.StatusCode.PERMISSION_DENIED),
        (404, grpc.StatusCode.UNIMPLEMENTED),
    ],
)
async def test_a_page_in_place_of_the_service_is_a_status_without_details(status: int, code: grpc.StatusCode) -> None:
    async with proxied() as proxy, grpc.aio.insecure_channel(proxy.target) as channel:
        proxy.page_status = status
        stub = TelemetryServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await stub.GetLatestTelemetry(GetLatestTelemetryRequest(device_id=1))
        assert failed.value.code() is code
        assert "grpc-status-details-bin" not in dict(failed.value.trailing_metadata() or ())


async def test_a_page_is_readable_over_http_1_after_a_long_request() -> None:
    async with proxied() as proxy, httpx.AsyncClient(trust_env=False) as client:
        proxy.page_status = 403
        answer = await client.post(f"http://{proxy.target}/anything", content=bytes(1_000_000))
        assert (answer.status_code, answer.headers["content-type"]) == (403, "text/html")
        assert len(proxy.attempts) == 1
