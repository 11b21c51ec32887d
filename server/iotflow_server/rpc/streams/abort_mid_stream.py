"""Abort of a REST response that fails after its first message."""

from collections.abc import AsyncIterator
from typing import TypeVar

from iotflow_server.interceptors.middleware import AbortMarker, Context
from iotflow_server.rpc.http_status import from_rest

Response = TypeVar("Response")


async def abort_mid_stream(
    responses: AsyncIterator[Response], context: Context
) -> AsyncIterator[Response | AbortMarker]:
    """Yield the responses. If they fail after the first one and the call is a REST call, yield an AbortMarker last.

    HTTP/1.1 cannot send a status after a body. Without the marker, the gateway would end the transfer as if it were complete.
    The gateway cannot read the marker, and therefore aborts the transfer.
    """
    begun = False
    try:
        async for response in responses:
            begun = True
            yield response
    except Exception:
        if begun and from_rest(context):
            yield AbortMarker()
        raise
