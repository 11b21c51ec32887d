"""Sends the initial metadata of a stream when the stream is accepted, not with its first message."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from iotflow_server.interceptors.middleware import CallScope, Context, Handler
from iotflow_server.rpc.http_status import from_rest


class InitialMetadata:
    """The innermost middleware. Clients such as tonic open a stream only when its initial metadata have arrived.

    Transcoded streams send theirs with the first message, so that an earlier rejection keeps its HTTP status.
    """

    def wrap(self, _method: str, handler: Handler) -> CallScope | None:
        return _send if handler.response_streaming else None


@asynccontextmanager
async def _send(_request: Any, context: Context) -> AsyncIterator[None]:
    if not from_rest(context):
        await context.send_initial_metadata(())
    yield
