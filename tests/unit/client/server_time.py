"""The time of a server in its answer to a heartbeat."""

from iotflow.v1.device_service_pb2 import SendHeartbeatResponse

# Milliseconds since 1970 UTC.
NOW = 1_700_000_000_123


def response() -> SendHeartbeatResponse:
    answer = SendHeartbeatResponse()
    answer.timestamp.FromMilliseconds(NOW)
    return answer
