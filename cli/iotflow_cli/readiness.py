"""Whether a server answers."""

import asyncio
import http.client
import urllib.parse
from collections.abc import Sequence

import grpc
from grpc_health.v1 import health_pb2

PATIENCE = 2.0
# A pool of its own: no waiting after a refused connection. No proxy: the server is this machine.
CHANNEL_OPTIONS = (("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0))


async def all_serve(addresses: Sequence[str]) -> bool:
    """Whether the gRPC servers at all these addresses say that they are healthy."""
    return all(await asyncio.gather(*map(serves, addresses)))


async def serves(address: str) -> bool:
    """Whether the gRPC server at host:port or unix:path says that it is healthy."""
    async with grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS) as channel:
        check = channel.unary_unary(
            "/grpc.health.v1.Health/Check",
            request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
            response_deserializer=health_pb2.HealthCheckResponse.FromString,
        )
        try:
            answer = await check(health_pb2.HealthCheckRequest(), timeout=PATIENCE)
        except grpc.aio.AioRpcError:
            return False
    return answer.status == health_pb2.HealthCheckResponse.SERVING


async def answers(url: str) -> bool:
    """Whether a GET of the URL is answered 200."""
    return await asyncio.to_thread(_answers, url)


def _answers(url: str) -> bool:
    place = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(place.netloc, timeout=PATIENCE)
    try:
        connection.request("GET", place.path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
