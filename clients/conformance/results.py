"""The table of results: which client passed which scenario, when, and what it leaves out for which reason."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from clients.conformance.outcome import Outcome
from clients.conformance.scenario import Scenario

FOLDER = Path(__file__).with_name("results")
_PAGE = "RESULTS.md"
_SIGNS = {"passed": "✓", "failed": "✗", "skipped": "–"}


def record(language: str, outcomes: list[Outcome], today: date, folder: Path = FOLDER) -> None:
    """Write the results of a whole run of one language."""
    folder.mkdir(exist_ok=True)
    scenarios = {each.scenario: {"state": each.state, "reason": each.reason.split("\n")[0]} for each in outcomes}
    text = json.dumps({"date": today.isoformat(), "scenarios": scenarios}, indent=1, ensure_ascii=False)
    (folder / f"{language}.json").write_text(text + "\n")


def write_page(scenarios: list[Scenario], folder: Path = FOLDER) -> None:
    """Write the table of all languages that have results."""
    results = {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}
    (folder / _PAGE).write_text("\n".join([*_head(results), *_rows(results, scenarios), *_reasons(results)]) + "\n")


def _head(results: dict[str, Any]) -> list[str]:
    return [
        "# Results",
        "",
        "`python -m clients.conformance --write` writes this page. ✓ passed, ✗ failed, – left out; the",
        "reasons are below the table.",
        "",
        f"| Scenario | {' | '.join(results)} |",
        f"|---|{'---|' * len(results)}",
        f"| *Date* | {' | '.join(result['date'] for result in results.values())} |",
        f"| *Passed* | {' | '.join(str(_passed(result)) for result in results.values())} |",
    ]


def _rows(results: dict[str, Any], scenarios: list[Scenario]) -> list[str]:
    return [
        f"| {scenario.name} | {' | '.join(_sign(result, scenario.name) for result in results.values())} |"
        for scenario in scenarios
    ]


def _reasons(results: dict[str, Any]) -> list[str]:
    lines = ["", "| Client | Scenario | Reason |", "|---|---|---|"]
    for language, result in results.items():
        for name, outcome in result["scenarios"].items():
            if outcome["reason"]:
                lines.append(f"| {language} | {name} | {outcome['reason'].replace('|', '/')} |")
    return lines if len(lines) > 3 else []


def _sign(result: dict[str, Any], scenario: str) -> str:
    return _SIGNS[result["scenarios"][scenario]["state"]] if scenario in result["scenarios"] else ""


def _passed(result: dict[str, Any]) -> int:
    return sum(outcome["state"] == "passed" for outcome in result["scenarios"].values())
