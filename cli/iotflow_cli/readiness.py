"""Checks whether the parts of the service are ready."""

import asyncio
import http.client
import urllib.parse
from collections.abc import Sequence
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2

TIMEOUT = 2.0
# A pool of its own: no shared wait after a refused connection. No proxy: the server runs on this machine.
CHANNEL_OPTIONS = (("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0))


async def all_serve(addresses: Sequence[str]) -> bool:
    """Whether the gRPC servers at all these addresses are healthy."""
    return all(await asyncio.gather(*map(serves, addresses)))


async def serves(address: str) -> bool:
    """Whether the gRPC server at host:port or unix:path is healthy."""
    async with grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS) as channel:
        check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        try:
            answer = await check(health_pb2.HealthCheckRequest(), timeout=TIMEOUT)
        except grpc.aio.AioRpcError:
            return False
    return answer.status == health_pb2.HealthCheckResponse.SERVING


async def answers(url: str) -> bool:
    """Whether a GET of the URL returns 200."""
    return await asyncio.to_thread(_answers, url)


async def listens(host: str, port: int) -> bool:
    """Whether the port accepts connections."""
    try:
        async with asyncio.timeout(TIMEOUT):
            _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True


async def exists(file: Path) -> bool:
    """Whether the file exists."""
    return await asyncio.to_thread(file.exists)


def _answers(url: str) -> bool:
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
