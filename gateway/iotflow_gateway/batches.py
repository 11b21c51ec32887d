"""Protobuf payloads: a TelemetryBatch of the device's own."""

from google.protobuf.message import DecodeError

from iotflow.v1.telemetry_pb2 import TelemetryBatch
from iotflow_gateway.refusal import Refused


def batch(payload: bytes, device_id: int) -> TelemetryBatch:
    """The batch, in the device's name whatever it says. Raises Refused (INVALID_PAYLOAD)."""
    try:
        decoded = TelemetryBatch.FromString(payload)
    except DecodeError:
        raise Refused("INVALID_PAYLOAD", "the payload is no iotflow.v1.TelemetryBatch") from None
    if not decoded.timestamps:
        raise Refused("INVALID_PAYLOAD", "a batch needs at least one row", field="timestamps")
    decoded.device_id = device_id
    return decoded
