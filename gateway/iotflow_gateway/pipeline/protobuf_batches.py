"""Protobuf payloads: a TelemetryBatch of the device's own."""

from google.protobuf.message import DecodeError

from iotflow.readings.decoding import MOST_READINGS
from iotflow.v1.telemetry_pb2 import TelemetryBatch
from iotflow_gateway.rejections.rejected import Rejected


def batch(payload: bytes, device_id: int) -> TelemetryBatch:
    """The batch, in the device's name whatever it says. Raises Refused (INVALID_PAYLOAD, TOO_MANY_READINGS)."""
    try:
        decoded = TelemetryBatch.FromString(payload)
    except DecodeError:
        raise Rejected("INVALID_PAYLOAD", "the payload is no iotflow.v1.TelemetryBatch") from None
    if decoded.device_ids:
        raise Rejected("INVALID_PAYLOAD", "is for gateways: a device's rows are its own", field="device_ids")
    if not decoded.timestamps:
        raise Rejected("INVALID_PAYLOAD", "a batch needs at least one row", field="timestamps")
    if decoded.timeless and len(decoded.timestamps) > MOST_READINGS:
        # For their times the server makes whatever comes behind them wait.
        raise Rejected(
            "TOO_MANY_READINGS", f"a batch without times has at most {MOST_READINGS} rows", field="timestamps"
        )
    decoded.device_id = device_id
    return decoded
