"""A REST answer in pieces that is not whole must not look whole."""

from collections.abc import AsyncIterator
from typing import TypeVar

from iotflow_server.interceptors.middleware import AbortMarker, Context
from iotflow_server.rpc.http_status import from_rest

Answer = TypeVar("Answer")


async def abort_mid_stream(answers: AsyncIterator[Answer], context: Context) -> AsyncIterator[Answer | AbortMarker]:
    """The answers; where they fail after the first, over REST, an unreadable one at the end.

    Behind a body HTTP/1.1 shows no status: the gateway would end the transfer as if all had come. Where it cannot read
    an answer it breaks the transfer off.
    """
    begun = False
    try:
        async for answer in answers:
            begun = True
            yield answer
    except Exception:
        if begun and from_rest(context):
            yield AbortMarker()
        raise
