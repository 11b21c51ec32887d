"""Writes the tables of docs/simulators.md and the JSON Schema of scenario files. With --check, fails if one is not current."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from iotflow_simulators import presets
from iotflow_simulators.faults.registry import FAULTS
from iotflow_simulators.models.base import COMMON_COMMANDS
from iotflow_simulators.models.registry import MODELS
from iotflow_simulators.scenario import json_schema
from iotflow_simulators.scenario.fields import FAULT, FLEET, SCENARIO, SCHEDULE, STAGE
from iotflow_simulators.scenario.kinds import Field

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE, SCHEMA = DOCS / "simulators.md", DOCS / "scenario.schema.json"


def keys(fields: Mapping[str, Field], first: str = "Key") -> str:
    """The table of the keys of a mapping."""
    rows = [f"| {first} | Default | Values | Meaning |", "|---|---|---|---|"]
    for name, field in fields.items():
        values = field.kind.words().replace("|", "\\|")
        rows.append(f"| `{name}` | {default(field)} | {values} | {field.description} |")
    return "\n".join(rows)


def default(field: Field) -> str:
    """The default as text."""
    return "required" if field.required else f"`{field.shown}`" if field.shown else "none"


def model_tables() -> str:
    """A section for each model."""
    parts = ["### Every model", "", *meanings("Command", COMMON_COMMANDS)]
    for name, model in MODELS.items():
        measured = [f"| `{one.name}` | {one.type} | {one.unit} | {one.description} |" for one in model.MEASUREMENTS]
        parts += [f"### Model `{name}`", "", f"{model.SUMMARY[0].upper()}{model.SUMMARY[1:]}.", ""]
        parts += [keys(model.PARAMETERS, "Parameter"), ""]
        parts += ["| Measurement | Type | Unit | Meaning |", "|---|---|---|---|", *measured, ""]
        parts += meanings("Command", model.COMMANDS) + meanings("Setting", model.SETTINGS)
    return "\n".join(parts).rstrip()


def meanings(first: str, words: Mapping[str, str]) -> list[str]:
    """A table of words, or nothing."""
    if not words:
        return []
    return [f"| {first} | Meaning |", "|---|---|", *(f"| `{name}` | {text} |" for name, text in words.items()), ""]


def fault_table() -> str:
    """One row for each kind of fault and parameter."""
    rows = ["| Kind | What goes wrong | Parameters |", "|---|---|---|"]
    for name, kind in FAULTS.items():
        rows.append(f"| `{name}` | {kind.SUMMARY} | {'; '.join(parameters(kind.parameters)) or 'none'} |")
    return "\n".join(rows)


def parameters(fields: Mapping[str, Field]) -> Iterable[str]:
    """The parameters of a fault in words."""
    for name, field in fields.items():
        shown = "required" if field.required else f"default {field.shown}"
        yield f"`{name}`: {field.description} ({field.kind.words()}; {shown})"


def preset_table() -> str:
    """One row for each preset."""
    rows = ["| Preset | Devices | Length |", "|---|---|---|"]
    for name in presets.names():
        scenario = presets.preset(name)
        fleets = ", ".join(f"{fleet.devices} {fleet.model}" for fleet in scenario.fleets)
        rows.append(f"| `{name}` | {scenario.devices}: {fleets} | {scenario.duration // 1000} s |")
    return "\n".join(rows)


TABLES = {
    "scenario": keys(SCENARIO.fields),
    "fleet": keys(FLEET.common.fields),
    "schedule": keys(SCHEDULE.fields),
    "stage": keys(STAGE.fields),
    "fault": keys(FAULT.common.fields),
    "models": model_tables(),
    "faults": fault_table(),
    "presets": preset_table(),
}


def page(text: str) -> str:
    """The page with current tables."""
    for name, table in TABLES.items():
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            sys.exit(f"{PAGE.name} must have one place for the table {name!r}.")
        head, rest = text.split(begin)
        text = f"{head}{begin}\n\n{table}\n\n{end}{rest.split(end)[1]}"
    return text


def main() -> None:
    """Write or check both files."""
    for path, text in ((PAGE, page(PAGE.read_text())), (SCHEMA, json_schema.text())):
        if "--check" not in sys.argv:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            sys.exit(f"{path.name} is not current: run `make generate`.")


if __name__ == "__main__":
    main()
