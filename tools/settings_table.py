"""Writes the tables of settings and .env.example from the settings classes. With --check, fails if one is not current."""

import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic import AliasChoices, SecretStr
from pydantic_settings import BaseSettings

from iotflow_cli.connections.target import PROFILE_VARIABLE
from iotflow_cli.profiles.commands import TOKEN_VARIABLE
from iotflow_gateway.settings import GatewaySettings
from iotflow_server.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
# The pages with a table, and its settings.
TABLES: dict[Path, type[BaseSettings]] = {
    ROOT / "docs" / "settings.md": Settings,
    ROOT / "docs" / "mqtt.md": GatewaySettings,
}
EXAMPLE = ROOT / ".env.example"
SECTIONS: dict[str, type[BaseSettings]] = {"The server": Settings, "The MQTT adapter": GatewaySettings}
COMMAND_VARIABLES = {
    PROFILE_VARIABLE: "The profile that commands use in place of the current one. local: the service of this machine.",
    TOKEN_VARIABLE: "The token of iotflow login, which otherwise asks for it.",
}
INTRODUCTION = """\
# Every variable of IoTFlow, with its default. Copy this file to .env in the folder where IoTFlow
# runs, and remove the # in front of what differs; variables of the environment take precedence.
# iotflow up has defaults of its own while only this machine can reach the service: it opens
# registration, reads and diagnostics, and logs as text. Written by make generate."""
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
    return " or ".join(f"`{one}`" for one in accepted(variable, alias))


def accepted(variable: str, alias: Any) -> list[str]:
    """The names of a setting in the environment, the preferred one first."""
    return list(map(str, alias.choices)) if isinstance(alias, AliasChoices) else [variable]


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


def environment() -> str:
    """The text of .env.example: every variable, with its default."""
    lines = [INTRODUCTION]
    for title, settings in SECTIONS.items():
        lines += ["", f"# {'=' * 10} {title}"]
        prefix = settings.model_config.get("env_prefix", "")
        for name, field in settings.model_fields.items():
            variable, *also = accepted(prefix + name.upper(), field.validation_alias)
            note = f" Also read: {', '.join(also)}." if also else ""
            lines += ["", *commented(f"{field.description}{note}")]
            lines.append(f"#{variable}={default(field.default).strip('`')}")
    lines += ["", f"# {'=' * 10} The command iotflow (from the environment only)"]
    for name, description in COMMAND_VARIABLES.items():
        lines += ["", *commented(description), f"#{name}="]
    return "\n".join(lines) + "\n"


def commented(text: str) -> list[str]:
    """Lines of a comment."""
    return [f"# {line}" for line in textwrap.wrap(text.replace("`", ""), 97)]


def main() -> None:
    """Write the tables, or check them."""
    for page in (*TABLES, EXAMPLE):
        current = page.read_text() if page.exists() else ""
        new = environment() if page == EXAMPLE else with_table(current, TABLES[page])
        if "--check" not in sys.argv:
            page.write_text(new)
        elif new != current:
            sys.exit(f"{page.name}: the settings in it are not current. Run make generate.")


if __name__ == "__main__":
    main()
