"""What a unary call submits, whether it came as JSON or as a message."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from iotflow.readings import Decoded, InvalidReading, decode, decode_items, document
from iotflow.readings.document import BAD_JSON
from iotflow.v1 import telemetry_pb2
from iotflow.v1.telemetry_service_pb2 import SubmitReadingsRequest, SubmitTelemetryRequest
from iotflow_server.errors import InvalidArgument
from iotflow_server.rpc.codec.wire_values import json_struct
from iotflow_server.telemetry.times import utc_now_ms

LARGEST_ID = 2**31 - 1
# The contract's name of a field, and its JSON name: a request may use either.
DEVICE_ID = ("device_id", "deviceId")


@dataclass(frozen=True, slots=True)
class Submission:
    """device_id: 0 is the calling device; rows: how many readings were sent, those that are refused too."""

    device_id: int
    decoded: Decoded
    rows: int
    atomic: bool = False


def json_object(body: bytes) -> dict[str, Any]:
    """The object that a body holds. Raises InvalidArgument (BAD_JSON)."""
    content = json_document(body)
    if not isinstance(content, dict):
        raise InvalidArgument("", "The body must be a JSON object.", BAD_JSON)
    return content


def json_document(body: bytes) -> Any:
    """What a body holds. Raises InvalidArgument (BAD_JSON)."""
    try:
        return document(body)
    except InvalidReading as problem:
        raise InvalidArgument(problem.field, problem.message, problem.reason) from None


def one_in_json(body: bytes, most_measurements: int) -> Submission:
    """Of the body of POST /api/v1/devices/telemetry. Raises InvalidArgument."""
    content = json_object(body)
    if "readings" in content and "data" not in content:
        problem = "this path takes one reading; send lists to /api/v1/devices/telemetry/batch"
        raise InvalidArgument("data", problem)
    return Submission(_device_id(content), _decoded(body, content, most_measurements, "data"), 1)


def many_in_json(body: bytes, most_measurements: int) -> Submission:
    """Of the body of POST /api/v1/devices/telemetry/batch: an object with `readings`, or the list alone. Raises InvalidArgument."""
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
        raise InvalidArgument("atomic", "must be true or false")
    decoded = _decoded(body, listed, most_measurements, "readings")
    return Submission(_device_id(content), decoded, len(listed), bool(atomic))


def one_in_message(request: SubmitTelemetryRequest, most_measurements: int) -> Submission:
    """Of a request that is typed. Raises InvalidArgument."""
    decoded = decode_items([_plain(request)], utc_now_ms(), most_measurements)
    return Submission(request.device_id, decoded, 1)


def many_in_message(request: SubmitReadingsRequest, most_measurements: int) -> Submission:
    """Of a request that is typed. Raises InvalidArgument."""
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
    problem = "must be a list of at least one reading"
    unknown = sorted(content.keys() - {"readings", "atomic", *DEVICE_ID, "api_key", "token", "message_id"})
    return f"{problem}; what is there instead is not known here: {', '.join(unknown):.150}" if unknown else problem


def _device_id(content: Mapping[str, Any]) -> int:
    """0 where it is not given. Raises InvalidArgument."""
    found = [_whole(content[name]) for name in DEVICE_ID if content.get(name) is not None]
    if len(set(found)) > 1:
        raise InvalidArgument("device_id", "is given twice, and differently")
    return found[0] if found else 0


def _whole(given: Any) -> int:
    if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) <= len(str(LARGEST_ID)):
        given = int(given)
    if isinstance(given, float) and given.is_integer():
        given = int(given)
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= LARGEST_ID:
        raise InvalidArgument("device_id", f"{given!r:.60} is not a device's id, which is a whole number")
    return given
