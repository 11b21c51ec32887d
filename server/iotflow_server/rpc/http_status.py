"""The HTTP status of a REST answer, where it is not the one that the gRPC status stands for."""

from iotflow_server.interceptors.middleware import Context

# The gateway adds the first to what it transcodes, and understands the second.
FROM_REST, STATUS = "x-envoy-original-path", "x-http-code"


async def answer_with(context: Context, status: int) -> None:
    """Have the gateway answer so. Callers of gRPC are spared the message that it takes."""
    if from_rest(context):
        await context.send_initial_metadata(((STATUS, str(status)),))


def from_rest(context: Context) -> bool:
    """Whether the gateway made this call out of a REST request."""
    return any(key == FROM_REST for key, _ in context.invocation_metadata() or ())
