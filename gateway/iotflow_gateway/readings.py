"""JSON payloads: one reading, or a list of them."""

from dataclasses import dataclass
from typing import Any

import orjson

from iotflow_gateway.refusal import Refused
from iotflow_gateway.times import time_ms

# As the server's limits are unless set otherwise: what is beyond them would be refused there together with what it was
# joined with.
MOST_READINGS, MOST_MEASUREMENTS = 10_000, 1_000
LONGEST_NAME = 128
# Answers to readers nest objects in objects of their own.
DEEPEST = 16

Values = dict[str, float | bool | str]


@dataclass(frozen=True, slots=True)
class Reading:
    """time: milliseconds since 1970 UTC; None: it came without one. values: by measurement, at least one. index: its place in the
    message."""

    time: int | None
    values: Values
    index: int = 0


def document(payload: bytes) -> Any:
    """What JSON holds. Raises Refused (INVALID_PAYLOAD)."""
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise Refused("INVALID_PAYLOAD", f"the payload is not JSON: {error.msg}") from None


def text_or_document(payload: bytes) -> Any:
    """What JSON holds, or else the payload as text."""
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError:
        return payload.decode(errors="replace")


def readings(content: Any) -> tuple[list[Reading], list[Refused]]:
    """The readings of a payload, and why some of its list are none. Raises Refused where it holds nothing else."""
    if isinstance(content, dict):
        return [_reading(content)], []
    if not isinstance(content, list) or not content:
        raise Refused("INVALID_PAYLOAD", "the payload is neither a reading {data, …} nor a list of them")
    if len(content) > MOST_READINGS:
        raise Refused("TOO_MANY_READINGS", f"a message has at most {MOST_READINGS} readings")
    taken, refused = list[Reading](), list[Refused]()
    for index, item in enumerate(content):
        try:
            taken.append(_reading(item, index))
        except Refused as fault:
            refused.append(Refused(fault.reason, fault.message, field=fault.field, index=index))
    return taken, refused


def _reading(item: Any, index: int = 0) -> Reading:
    data = item.get("data") if isinstance(item, dict) else None
    if not isinstance(data, dict):
        raise Refused("INVALID_PAYLOAD", "a reading is an object that has an object `data`", field="data")
    values = _values(data)
    if metadata := item.get("metadata"):
        _add_metadata(values, metadata)
    if len(values) > MOST_MEASUREMENTS:
        raise Refused("TOO_MANY_MEASUREMENTS", f"a reading has at most {MOST_MEASUREMENTS} values", field="data")
    if max(map(len, values)) > LONGEST_NAME:
        name = max(values, key=len)
        place = f"data.{name:.100}" if name in data else f"metadata.{name.removeprefix('meta_'):.100}"
        raise Refused("INVALID_NAME", f"a name has at most {LONGEST_NAME} characters", field=place)
    given = item.get("timestamp")
    return Reading(None if given is None or given == "" else time_ms(given), values, index)


def _values(data: dict[str, Any]) -> Values:
    values: Values = {}
    for name, value in data.items():
        kind = type(value)
        if kind is float or kind is bool or kind is str:
            values[name] = value
        elif kind is int:
            values[name] = float(value)
        elif value is not None:
            values[name] = _text(value, f"data.{name}")
    if not values:
        raise Refused("EMPTY_DATA", "data holds no value", field="data")
    return values


def _add_metadata(values: Values, metadata: Any) -> None:
    """Kept beside the data as text."""
    if not isinstance(metadata, dict):
        raise Refused("INVALID_PAYLOAD", "metadata is no object", field="metadata")
    for name, value in metadata.items():
        if f"meta_{name}" in values:
            raise Refused("DUPLICATE_NAME", "the same name stands in data and metadata", field=f"metadata.{name}")
        if value is not None:
            values[f"meta_{name}"] = value if isinstance(value, str) else _text(value, f"metadata.{name}")


def _text(value: Any, field: str) -> str:
    if _is_deeper(value, DEEPEST):
        raise Refused("INVALID_VALUE", f"is nested more than {DEEPEST} deep", field=field)
    return orjson.dumps(value).decode()


def _is_deeper(content: Any, levels: int) -> bool:
    """Looks no deeper than that: what comes may be nested more deeply than Python can follow."""
    if not isinstance(content, dict | list):
        return False
    inner = content.values() if isinstance(content, dict) else content
    return not levels or any(_is_deeper(one, levels - 1) for one in inner)
