"""Discards the unread requests of a rejected call."""

import asyncio
from contextlib import suppress

import grpc

from iotflow_server.interceptors.middleware import Context

QUIET_SECONDS, LONGEST_SECONDS = 0.1, 2.0


async def discard(context: Context) -> None:
    """Read until the caller ends its side or sends nothing for QUIET_SECONDS, but for at most LONGEST_SECONDS.

    Clients of grpc.aio lose a status that arrives during a write, and report INTERNAL instead (grpc#36066).
    """
    # InternalError: a reader of the stream was cancelled, and its read is still in progress.
    with suppress(TimeoutError, grpc.aio.InternalError):
        async with asyncio.timeout(LONGEST_SECONDS):
            while await _next(context) is not grpc.aio.EOF:
                pass


async def _next(context: Context) -> object:
    async with asyncio.timeout(QUIET_SECONDS):
        return await context.read()
