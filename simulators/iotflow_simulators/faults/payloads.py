"""Payloads that no door may accept."""

import json
from collections.abc import Mapping
from typing import Any

PAYLOADS = ("truncated", "no_json", "not_utf8", "empty", "wrong_type", "not_a_number", "nested")


def payload(kind: str, time: int, values: Mapping[str, Any]) -> bytes:
    """A bad payload in place of a reading. kind: one of PAYLOADS."""
    text = json.dumps({"data": dict(values), "timestamp": time}, separators=(",", ":")).encode()
    bad = {
        "truncated": text[: len(text) * 2 // 3],
        "no_json": b"temperature=21.5;humidity=40",
        "not_utf8": b'{"data":{"text":"\xff\xfe\xff"}}',
        "empty": b"",
        "wrong_type": json.dumps({"data": sorted(values), "timestamp": time}, separators=(",", ":")).encode(),
        "not_a_number": b'{"data":{"temperature":NaN}}',
        "nested": b'{"data":' + b"[" * 200 + b"]" * 200 + b"}",
    }
    return bad[kind]
