"""Initial metadata of streams: sent when the stream is accepted, not with its first message."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from iotflow_server.interceptors.middleware import CallScope, Context, Handler
from iotflow_server.rpc.http_status import from_rest


class InitialMetadata:
    """The innermost layer. Clients such as tonic return from opening a stream only when its initial metadata are there.

    Streams that the gateway transcodes send theirs with the first message: a refusal before it keeps its HTTP status.
    """

    def wrap(self, _method: str, handler: Handler) -> CallScope | None:
        return _send if handler.response_streaming else None


@asynccontextmanager
async def _send(_request: Any, context: Context) -> AsyncIterator[None]:
    if not from_rest(context):
        await context.send_initial_metadata(())
    yield
