"""What a refused caller has sent and nobody will read."""

import asyncio
from contextlib import suppress

import grpc

from iotflow_server.interceptors.middleware import Context

QUIET_SECONDS, LONGEST_SECONDS = 0.1, 2.0


async def discard(context: Context) -> None:
    """Read on until the caller has ended its side, or has sent nothing for QUIET_SECONDS; LONGEST_SECONDS at the most.

    A status that meets a write under way is lost in clients of grpc.aio: they report INTERNAL instead (grpc#36066).
    """
    # The second: a reader of the stream was cancelled and its read is still under way.
    with suppress(TimeoutError, grpc.aio.InternalError):
        async with asyncio.timeout(LONGEST_SECONDS):
            while await _next(context) is not grpc.aio.EOF:
                pass


async def _next(context: Context) -> object:
    async with asyncio.timeout(QUIET_SECONDS):
        return await context.read()
