"""Writes the tables of settings from the settings classes. With --check, fails if a table is not current."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic import AliasChoices, SecretStr
from pydantic_settings import BaseSettings

from iotflow_gateway.settings import GatewaySettings
from iotflow_server.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
# The pages with a table, and its settings.
TABLES: dict[Path, type[BaseSettings]] = {
    ROOT / "docs" / "settings.md": Settings,
    ROOT / "docs" / "mqtt.md": GatewaySettings,
}
BEGIN, END = "<!-- settings -->", "<!-- /settings -->"


def table(settings: type[BaseSettings]) -> str:
    """The table, with one row for each setting."""
    prefix = settings.model_config.get("env_prefix", "")
    rows = ["| Setting | Default | Values | What it does |", "|---|---|---|---|"]
    for name, field in settings.model_fields.items():
        variables = names(prefix + name.upper(), field.validation_alias)
        allowed = choices(field.annotation) or bounds(field.metadata)
        rows.append(f"| {variables} | {default(field.default)} | {allowed} | {field.description} |")
    return "\n".join(rows)


def names(variable: str, alias: Any) -> str:
    """The variables of a setting, the preferred one first."""
    accepted = map(str, alias.choices) if isinstance(alias, AliasChoices) else (variable,)
    return " or ".join(f"`{one}`" for one in accepted)


def choices(annotation: Any) -> str:
    """The allowed values of a setting with a closed set."""
    words = get_args(annotation) if get_origin(annotation) is Literal else ()
    return " or ".join(f"`{word}`" for word in words)


def bounds(metadata: Iterable[Any]) -> str:
    """The range of a number."""
    limits = {type(one): one for one in metadata}
    if Gt in limits:
        least = f"above {limits[Gt].gt}"
    elif Ge in limits:
        least = f"{limits[Ge].ge}" if Le in limits else f"from {limits[Ge].ge}"
    else:
        return ""
    return f"{least} to {limits[Le].le}" if Le in limits else least


def default(value: Any) -> str:
    """The default as text."""
    text = value.get_secret_value() if isinstance(value, SecretStr) else "" if value is None else str(value)
    return f"`{text.lower() if isinstance(value, bool) else text}`" if text else ""


def with_table(text: str, settings: type[BaseSettings]) -> str:
    """The page with its table replaced."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{table(settings)}\n{END}{after}"


def main() -> None:
    """Write the tables, or check them."""
    for page, settings in TABLES.items():
        current = page.read_text()
        new = with_table(current, settings)
        if "--check" not in sys.argv:
            page.write_text(new)
        elif new != current:
            sys.exit(f"{page.name}: the table of settings is not current. Run make generate.")


if __name__ == "__main__":
    main()
