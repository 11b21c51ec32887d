"""Conversion of values between messages and Python: documents (google.protobuf.Struct) and times."""

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct, Value
from google.protobuf.timestamp_pb2 import Timestamp

from iotflow.readings.document import EXACT
from iotflow.readings.values import DEEPEST, WIDE
from iotflow.v1.stream_pb2 import StreamGap, StreamHeartbeat
from iotflow_server.compute_thread import run_in_compute_thread
from iotflow_server.errors import InvalidArgument
from iotflow_server.telemetry.times import to_ms, utc_now_ms

Response = TypeVar("Response", bound=Message)
# Members of documents that are encoded on the event loop. Encoding them takes two milliseconds.
EVENT_LOOP_MEMBERS = 2_000


def plain(value: Value, field: str, depth: int = 0) -> Any:
    """Convert a value to a Python value. Whole numbers become int.

    Raises InvalidArgument for NaN, for infinity and for values that are nested too deeply.
    """
    check_depth(field, depth)
    kind = value.WhichOneof("kind")
    match kind:
        case "number_value":
            return plain_number(value.number_value, field)
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case "struct_value":
            return plain_struct(value.struct_value, field, depth + 1)
        case "list_value":
            return [plain(item, f"{field}[{index}]", depth + 1) for index, item in enumerate(value.list_value.values)]
    return None


def check_depth(field: str, depth: int) -> None:
    """Raise InvalidArgument if a value is nested too deeply for a response, which adds levels of its own."""
    if depth > DEEPEST:
        raise InvalidArgument(field, f"is nested more than {DEEPEST} deep")


def plain_number(number: float, field: str) -> int | float:
    """Convert a JSON number to int if it is a whole number: 1 rather than 1.0.

    Raises InvalidArgument for NaN, for infinity and for whole numbers that may have lost digits in the conversion to double.
    """
    if not math.isfinite(number):
        raise InvalidArgument(field, "NaN and infinity are no values")
    if not number.is_integer():
        return number
    if abs(number) >= EXACT:
        raise InvalidArgument(field, "is a whole number beyond 2^53, which would lose digits; write it as a text")
    return int(number)


def check_json(field: str, content: Any, depth: int = 0) -> None:
    """Raise InvalidArgument if a document is nested too deeply or has a whole number of more than 64 bits."""
    if type(content) is int and not -(2**63) <= content < 2**64:
        raise InvalidArgument(field, "is a whole number of more than 64 bits; write it as a text")
    if isinstance(content, dict | list):
        check_depth(re.split(r"[.\[]", field, maxsplit=1)[0], depth + 1)
        inner = content.items() if isinstance(content, dict) else enumerate(content)
        for name, value in inner:
            path = f"{field}.{name:.100}" if isinstance(name, str) else f"{field}[{name}]"
            check_json(path, value, depth + 1)


def has_wide_numbers(content: Any) -> bool:
    """Whether a float may have been a whole number of more than 64 bits."""
    waiting = [content]
    while waiting:
        value = waiting.pop()
        if isinstance(value, float) and abs(value) >= WIDE and value.is_integer():
            return True
        waiting.extend(value.values() if isinstance(value, dict) else value if isinstance(value, list) else ())
    return False


def shown(content: Any) -> Any:
    """The value as responses show it. Whole numbers beyond 2^53 become texts, which keep every digit."""
    if isinstance(content, dict):
        return {name: shown(value) for name, value in content.items()}
    if isinstance(content, list):
        return [shown(value) for value in content]
    return str(content) if type(content) is int and abs(content) > EXACT else content


def plain_struct(struct: Struct, field: str, depth: int = 0) -> dict[str, Any]:
    """Convert an object to a Python dictionary. Raises InvalidArgument."""
    return {name: plain(value, f"{field}.{name}", depth) for name, value in struct.fields.items()}


def json_struct(struct: Struct) -> dict[str, Any]:
    """Convert an object to the result of parsing its JSON. Nothing is checked."""
    return {name: _json_value(value) for name, value in struct.fields.items()}


def _json_value(value: Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return json_struct(value.struct_value)
    if kind == "list_value":
        return [_json_value(item) for item in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() and abs(number) < EXACT else number
    return None if kind in (None, "null_value") else getattr(value, kind)


def to_struct(values: Mapping[str, Any]) -> Struct:
    """Encode an object; see shown."""
    struct = Struct()
    struct.update(shown(dict(values)))
    return struct


def timestamp_of(moment: datetime | None) -> Timestamp | None:
    """Encode a time. None stays None."""
    return None if moment is None else timestamp_ms(to_ms(moment))


def timestamp_ms(time: int) -> Timestamp:
    """Encode a time in milliseconds since 1970 UTC."""
    seconds, ms = divmod(time, 1_000)
    return Timestamp(seconds=seconds, nanos=ms * 1_000_000)


def heartbeat() -> StreamHeartbeat:
    """The event of a stream on which nothing happened for a while."""
    return StreamHeartbeat(timestamp=timestamp_ms(utc_now_ms()))


def stream_gap() -> StreamGap:
    """The event in place of events that may have been lost."""
    return StreamGap(timestamp=timestamp_ms(utc_now_ms()))


async def build_in_thread(build: Callable[[], Response], *documents: Any) -> Response:
    """Call build, in the compute thread if the documents of the response are large."""
    return await run_in_compute_thread(build) if _are_large(documents) else build()


def _are_large(documents: tuple[Any, ...]) -> bool:
    waiting, members = [*documents], 0
    while waiting and members <= EVENT_LOOP_MEMBERS:
        content = waiting.pop()
        inner = content.values() if isinstance(content, dict) else content if isinstance(content, list) else ()
        members += len(inner)
        waiting.extend(islice(inner, EVENT_LOOP_MEMBERS))
    return members > EVENT_LOOP_MEMBERS
