"""The texts of values on a terminal."""

import json
from datetime import datetime
from typing import Any


def shown_value(value: Any) -> str:
    """The text of a value in a cell or a line."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, dict | list):
        return _visible(json.dumps(value, ensure_ascii=False, default=str)) if value else ""
    return _visible(str(value))


def shown_lines(text: str) -> str:
    """Lines for a terminal. Names and texts of devices in them cannot move the cursor or change colours."""
    return "\n".join("\t".join(map(_visible, line.split("\t"))) for line in text.split("\n"))


def _visible(text: str) -> str:
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)
