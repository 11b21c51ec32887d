"""Events that all event streams of the contract share, see proto/iotflow/v1/stream.proto."""

from iotflow.v1.stream_pb2 import StreamError, StreamHeartbeat
from iotflow_server.errors import INTERNAL, DomainError
from iotflow_server.rpc.codec.wire_values import timestamp_ms
from iotflow_server.telemetry.times import utc_now_ms


def heartbeat() -> StreamHeartbeat:
    """The event of a connection on which nothing happened for a while."""
    return StreamHeartbeat(timestamp=timestamp_ms(utc_now_ms()))


def stream_error(error: Exception) -> StreamError:
    """The last event of a stream that ends with this error. It agrees with the status that interceptors/errors.py makes of it."""
    shown = error if isinstance(error, DomainError) else INTERNAL
    return StreamError(reason=shown.reason, message=shown.message, retryable=shown.retry_after is not None)
