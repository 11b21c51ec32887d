"""Writes the tables of settings from the settings classes; with --check, fails where one is not current."""

import sys
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import AliasChoices, SecretStr
from pydantic_settings import BaseSettings

from iotflow_gateway.settings import Settings as GatewaySettings
from iotflow_server.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
# Where a table stands, and whose it is.
TABLES: dict[Path, type[BaseSettings]] = {
    ROOT / "docs" / "settings.md": Settings,
    ROOT / "docs" / "mqtt.md": GatewaySettings,
}
BEGIN, END = "<!-- settings -->", "<!-- /settings -->"


def table(settings: type[BaseSettings]) -> str:
    """One row a setting."""
    prefix = settings.model_config.get("env_prefix", "")
    rows = ["| Setting | Default | What it does |", "|---|---|---|"]
    for name, field in settings.model_fields.items():
        told = f"{choices(field.annotation)}{field.description}"
        rows.append(f"| {names(prefix + name.upper(), field.validation_alias)} | {default(field.default)} | {told} |")
    return "\n".join(rows)


def names(variable: str, alias: Any) -> str:
    """The variables that set it, the preferred one first."""
    accepted = map(str, alias.choices) if isinstance(alias, AliasChoices) else (variable,)
    return " or ".join(f"`{one}`" for one in accepted)


def choices(annotation: Any) -> str:
    """The values that are allowed, where they are words."""
    words = get_args(annotation) if get_origin(annotation) is Literal else ()
    return " or ".join(f"`{word}`" for word in words) + ": " if words else ""


def default(value: Any) -> str:
    """The default as one would write it."""
    text = value.get_secret_value() if isinstance(value, SecretStr) else "" if value is None else str(value)
    return f"`{text.lower() if isinstance(value, bool) else text}`" if text else ""


def written(text: str, settings: type[BaseSettings]) -> str:
    """The page with the table put in."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{table(settings)}\n{END}{after}"


def main() -> None:
    """Write them, or check them."""
    for page, settings in TABLES.items():
        current = page.read_text()
        new = written(current, settings)
        if "--check" not in sys.argv:
            page.write_text(new)
        elif new != current:
            sys.exit(f"{page.name}: the table of settings is not current; run make generate")


if __name__ == "__main__":
    main()
