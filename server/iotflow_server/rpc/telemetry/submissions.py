"""Decoding of the submissions of unary calls, from JSON bodies or typed messages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from iotflow.contract import LARGEST_DEVICE_ID
from iotflow.readings import Decoded, InvalidReading, decode, decode_items
from iotflow.readings.document import BAD_JSON
from iotflow.v1 import telemetry_pb2
from iotflow.v1.telemetry_service_pb2 import SubmitReadingsRequest, SubmitTelemetryRequest
from iotflow_server.errors import InvalidArgument
from iotflow_server.rpc.codec.json_bodies import json_document, json_object
from iotflow_server.rpc.codec.wire_values import json_struct
from iotflow_server.telemetry.times import utc_now_ms

# The name of the field in the contract, and its JSON name. A body may use either name.
DEVICE_ID = ("device_id", "deviceId")


@dataclass(frozen=True, slots=True)
class Submission:
    """A decoded submission. device_id: 0 for the calling device. rows: the number of submitted readings, including rejected ones."""

    device_id: int
    decoded: Decoded
    rows: int
    atomic: bool = False


def one_in_json(body: bytes, most_measurements: int) -> Submission:
    """Decode the body of POST /api/v1/devices/telemetry. Raises InvalidArgument."""
    content = json_object(body)
    if "readings" in content and "data" not in content:
        problem = "This path accepts one reading. Send lists of readings to /api/v1/devices/telemetry/batch."
        raise InvalidArgument("data", problem)
    return Submission(_device_id(content), _decoded(body, content, most_measurements, "data"), 1)


def many_in_json(body: bytes, most_measurements: int) -> Submission:
    """Decode the body of POST /api/v1/devices/telemetry/batch: an object with `readings`, or a list of readings.

    Raises InvalidArgument.
    """
    content = json_document(body)
    if isinstance(content, list):
        content = {"readings": content}
    if not isinstance(content, dict):
        raise InvalidArgument("", "The body must be a JSON object.", BAD_JSON)
    listed = content.get("readings")
    if not isinstance(listed, list) or not listed:
        raise InvalidArgument("readings", _no_readings(content))
    atomic = content.get("atomic")
    if not isinstance(atomic, bool | None):
        raise InvalidArgument("atomic", "The value must be true or false.")
    decoded = _decoded(body, listed, most_measurements, "readings")
    return Submission(_device_id(content), decoded, len(listed), bool(atomic))


def one_in_message(request: SubmitTelemetryRequest, most_measurements: int) -> Submission:
    """Decode a typed request. Raises InvalidArgument."""
    decoded = decode_items([_plain(request)], utc_now_ms(), most_measurements)
    return Submission(request.device_id, decoded, 1)


def many_in_message(request: SubmitReadingsRequest, most_measurements: int) -> Submission:
    """Decode a typed request. Raises InvalidArgument."""
    readings = request.readings
    decoded = decode_items([_plain(reading) for reading in readings], utc_now_ms(), most_measurements)
    return Submission(request.device_id, decoded, len(readings), request.atomic)


def _plain(reading: SubmitTelemetryRequest | telemetry_pb2.Reading) -> dict[str, Any]:
    data, metadata = json_struct(reading.data), json_struct(reading.metadata)
    return {"data": data, "metadata": metadata, "timestamp": reading.timestamp}


def _decoded(body: bytes, content: Any, most_measurements: int, field: str) -> Decoded:
    try:
        return decode(body, content, utc_now_ms(), most_measurements)
    except InvalidReading as problem:
        raise InvalidArgument(problem.field or field, problem.message) from None


def _no_readings(content: Mapping[str, Any]) -> str:
    problem = "The value must be a list of at least one reading."
    unknown = sorted(content.keys() - {"readings", "atomic", *DEVICE_ID, "api_key", "token", "message_id"})
    return f"{problem} The body has these unknown fields: {', '.join(unknown):.150}" if unknown else problem


def _device_id(content: Mapping[str, Any]) -> int:
    """The device id of a body; 0: the body has none. Raises InvalidArgument."""
    found = [_parsed_id(content[name]) for name in DEVICE_ID if content.get(name) is not None]
    if len(set(found)) > 1:
        raise InvalidArgument("device_id", "The field occurs twice, with different values.")
    return found[0] if found else 0


def _parsed_id(given: Any) -> int:
    if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) <= len(str(LARGEST_DEVICE_ID)):
        given = int(given)
    if isinstance(given, float) and given.is_integer():
        given = int(given)
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= LARGEST_DEVICE_ID:
        raise InvalidArgument(
            "device_id",
            f"The value {given!r:.60} is not a device id. A device id is a whole number from 0 to {LARGEST_DEVICE_ID}.",
        )
    return given
