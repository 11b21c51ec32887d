"""The report of a run, as one page that needs nothing else."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from importlib import resources
from typing import Any

from iotflow_simulators.reporting.charts import charts
from iotflow_simulators.reporting.texts import visible
from iotflow_simulators.running.measures import LATE, Measures
from iotflow_simulators.scenario.scenario import Scenario

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Report:
    """A run that has ended. server: its address. began: ms since 1970. doors, steps: tables; steps: of a search for a limit."""

    scenario: Scenario
    server: str
    began: int
    measures: Measures
    doors: Rows
    steps: Rows = ()


def page(report: Report) -> str:
    """The page. It is well-formed XML too."""
    title = escape(f"Simulation {report.scenario.name}")
    style = (resources.files(__package__) / "style.css").read_text(encoding="utf-8")
    parts = [f"<h1>{title}</h1>", _warning(report.measures), _table("Run", [_facts(report)], is_upright=True)]
    parts += [_table("Doors", report.doors), _table("Steps", report.steps)]
    parts += charts(report.measures)
    parts += [_table("Faults", _faults(report.measures))]
    errors = report.measures.errors
    parts += [_table("Lost connections", _reasons(errors.problems)), _table("Refusals", _reasons(errors.refusals))]
    head = f'<meta charset="utf-8"/><meta name="viewport" content="width=device-width"/><title>{title}</title>'
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head>{head}<style>{style}</style></head>\n'
        f"<body>\n{chr(10).join(filter(None, parts))}\n</body></html>\n"
    )


def _facts(report: Report) -> dict[str, Any]:
    scenario, measures = report.scenario, report.measures
    return {
        "scenario": f"{scenario.name}, seed {scenario.seed}",
        "devices": scenario.devices,
        "server": report.server,
        "began": datetime.fromtimestamp(report.began / 1_000, UTC).isoformat(timespec="seconds"),
        "schedule": f"{measures.seconds:.1f} s at {measures.speed:g} times real time",
        "lag of the simulator": f"p99 {measures.lag.quantile(0.99) * 1_000:.1f} ms",
        "own processor": f"{measures.processor_share:.0%} of one",
    }


def _warning(measures: Measures) -> str:
    if not measures.is_own_limit:
        return ""
    return (
        f'<p class="warning">The simulator itself is the limit: 1 % of the readings left it more than {LATE * 1_000:.0f} ms '
        "late. The rates and latencies are not those of the service.</p>"
    )


def _faults(measures: Measures) -> list[dict[str, Any]]:
    faults = measures.faults
    return [
        {"kind": kind, "at devices": faults.begun.get(kind, 0), "changed readings": faults.readings.get(kind, 0)}
        for kind in sorted({*faults.begun, *faults.readings})
    ]


def _reasons(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [{"reason": reason, "number": number} for reason, number in ordered]


def _table(title: str, rows: Rows, *, is_upright: bool = False) -> str:
    """The rows below their keys; upright: the keys of one row below each other. Empty without rows."""
    if not rows:
        return ""
    names = list(rows[0])
    if is_upright:
        lines = [f"<tr><th>{escape(name)}</th>{_cells([rows[0][name]])}</tr>" for name in names]
    else:
        head = "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in names)
        lines = [f"<tr>{head}</tr>", *(f"<tr>{_cells(row.values())}</tr>" for row in rows)]
    return f"<h2>{escape(title)}</h2><table>{''.join(lines)}</table>"


def _cells(values: Iterable[Any]) -> str:
    texts = (f"{value:,}" if isinstance(value, int) else str(value) for value in values)
    return "".join(f"<td>{escape(visible(text))}</td>" for text in texts)
