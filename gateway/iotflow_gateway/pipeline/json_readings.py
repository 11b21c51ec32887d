"""JSON payloads, read as iotflow.readings has them at every door."""

import time
from typing import Any

import orjson

from iotflow.readings import Decoded, InvalidReading, decode
from iotflow.readings import document as document_of
from iotflow.readings.document import BAD_JSON
from iotflow_gateway.rejections.rejected import Rejected


def document(payload: bytes) -> Any:
    """What JSON holds. Raises Refused (INVALID_PAYLOAD)."""
    try:
        return document_of(payload)
    except InvalidReading as problem:
        raise refused(problem) from None


def text_or_document(payload: bytes) -> Any:
    """What JSON holds, or else the payload as text."""
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError:
        return payload.decode(errors="replace")


def readings(payload: bytes, content: Any) -> Decoded:
    """The readings of a payload, whose document content is. Raises Refused where it can hold none."""
    try:
        return decode(payload, content, time.time_ns() // 1_000_000)
    except InvalidReading as problem:
        raise refused(problem) from None


def refused(problem: InvalidReading, *, is_notice: bool = False) -> Rejected:
    """What the device is told of it."""
    reason = "INVALID_PAYLOAD" if problem.reason == BAD_JSON else problem.reason
    return Rejected(reason, problem.message, field=problem.field, index=problem.index, is_notice=is_notice)


def merged_notice(merged: int) -> Rejected:
    """What a device is told whose list has equal times."""
    message = f"{merged} readings have the time (in milliseconds) of another one in the list, and are merged with it"
    return Rejected("READINGS_MERGED", message, field="timestamp", is_notice=True)


def more_problems(count: int) -> Rejected:
    """The report that stands for the rejections of a message beyond those reported one by one."""
    return Rejected(
        "TOO_MANY_PROBLEMS", f"{count} more values of this message are rejected; the first ones are reported"
    )
