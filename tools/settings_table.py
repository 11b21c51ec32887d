"""Writes the README's table of settings from the settings class; with --check, fails where it is not current."""

import sys
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import AliasChoices, SecretStr

from iotflow_server.settings import Settings

README = Path(__file__).resolve().parent.parent / "README.md"
BEGIN, END = "<!-- settings -->", "<!-- /settings -->"


def table() -> str:
    """One row a setting."""
    rows = ["| Setting | Default | What it does |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        told = f"{choices(field.annotation)}{field.description}"
        rows.append(f"| {names(name, field.validation_alias)} | {default(field.default)} | {told} |")
    return "\n".join(rows)


def names(name: str, alias: Any) -> str:
    """Its variable, and the older service's where there is one."""
    older = [str(choice) for choice in alias.choices[1:]] if isinstance(alias, AliasChoices) else []
    return " or ".join(f"`{variable}`" for variable in (f"IOTFLOW_{name.upper()}", *older))


def choices(annotation: Any) -> str:
    """The values that are allowed, where they are words."""
    words = get_args(annotation) if get_origin(annotation) is Literal else ()
    return " or ".join(f"`{word}`" for word in words) + ": " if words else ""


def default(value: Any) -> str:
    """The default as one would write it."""
    text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
    return f"`{text.lower() if isinstance(value, bool) else text}`" if text else ""


def written(text: str) -> str:
    """The README with the table put in."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    current = README.read_text()
    if "--check" in sys.argv:
        sys.exit(
            "README.md: the table of settings is not current; run make generate" if written(current) != current else 0
        )
    README.write_text(written(current))
