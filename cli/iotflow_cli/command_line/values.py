"""Values in arguments: key=value pairs, and JSON in an argument or a file."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click


def pairs(texts: Sequence[str]) -> dict[str, Any]:
    """The values of key=value arguments: JSON where it is JSON (21.5, true, [1, 2]), otherwise text. Raises BadParameter."""
    found: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise click.BadParameter(f"{text!r} is not a pair such as temperature=21.5")
        found[key] = _value(value)
    return found


def json_object(text: str) -> dict[str, Any]:
    """The object in a text, in a file (@FILE), or in the standard input (-). Raises BadParameter, OSError."""
    if text == "-":
        text = sys.stdin.read()
    elif text.startswith("@"):
        text = Path(text[1:]).read_text(encoding="utf-8")
    try:
        found = json.loads(text)
    except ValueError as error:
        raise click.BadParameter(f"the value is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise click.BadParameter("the value must be a JSON object")
    return found


def _value(text: str) -> Any:
    try:
        # NaN and Infinity are texts: they are no JSON.
        return json.loads(text, parse_constant=str)
    except ValueError:
        return text
