"""Reads details.toml."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).with_name("details.toml")


@dataclass(frozen=True)
class Details:
    """The tables of details.toml, which describes each."""

    created: list[str]
    also: dict[str, dict[str, str]]
    media: dict[str, list[str]]
    omitted: dict[str, list[str]]
    values: dict[str, Any]


def details() -> Details:
    """Read details.toml."""
    return Details(**tomllib.loads(SOURCE.read_text()))
