"""Whether a server answers."""

import asyncio
import http.client
import urllib.parse

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

PATIENCE = 2.0
# A pool of its own: no waiting after a refused connection. No proxy: the server is this machine.
CHANNEL_OPTIONS = (("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0))


async def serves(address: str) -> bool:
    """Whether the gRPC server at host:port says that it is healthy."""
    async with grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS) as channel:
        try:
            request = health_pb2.HealthCheckRequest()
            answer = await health_pb2_grpc.HealthStub(channel).Check(request, timeout=PATIENCE)
        except grpc.aio.AioRpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


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
