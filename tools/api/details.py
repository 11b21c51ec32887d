"""Reads details.toml."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).with_name("details.toml")


@dataclass(frozen=True)
class Details:
    """Each is explained in details.toml."""

    created: list[str]
    also: dict[str, dict[str, str]]
    media: dict[str, list[str]]
    omitted: dict[str, list[str]]
    values: dict[str, Any]


def details() -> Details:
    """What details.toml holds."""
    return Details(**tomllib.loads(SOURCE.read_text()))
