"""The HTTP status of a REST response, where it differs from the equivalent of the gRPC status."""

from iotflow_server.interceptors.middleware import Context

# Envoy adds the first header to transcoded requests, and reads the second from responses.
FROM_REST, STATUS = "x-envoy-original-path", "x-http-code"


async def answer_with(context: Context, status: int) -> None:
    """Make Envoy respond with this status. gRPC callers do not get the header, which would cost them a message."""
    if from_rest(context):
        await context.send_initial_metadata(((STATUS, str(status)),))


def from_rest(context: Context) -> bool:
    """Whether Envoy transcoded this call from a REST request."""
    return any(key == FROM_REST for key, _ in context.invocation_metadata() or ())
