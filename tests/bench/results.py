"""The measured lines as JSON: docs/performance.json has the last result of each part."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.bench.parts import PARTS, ROOT
from tests.bench.table import Figure, Line

FILE = ROOT / "docs" / "performance.json"


@dataclass(frozen=True, slots=True)
class Result:
    """A part's lines. date: ISO 8601; commit: of the measured tree; runs: number of runs that each line is the median of."""

    date: str
    commit: str
    machine: str
    runs: int
    lines: Sequence[Line]


def line_to_json(line: Line) -> dict[str, Any]:
    """A line with its verdict, numbers in six digits."""
    content: dict[str, Any] = _rounded(asdict(line) | {"verdict": line.verdict})
    return content


def line_from_json(content: dict[str, Any]) -> Line:
    """The line; its verdict follows from the rest."""
    figure, baseline, spread = content["figure"], content["baseline"], content["spread"]
    return Line(
        content["what"],
        Figure(**figure),
        Figure(**baseline) if baseline else None,
        content["ratio"],
        content["target"],
        content["ratio_unit"],
        content["at_most"],
        (spread[0], spread[1]) if spread else None,
    )


def load(file: Path = FILE) -> dict[str, Result]:
    """The results by part."""
    parts = json.loads(file.read_text())
    return {
        part: Result(**content | {"lines": list(map(line_from_json, content["lines"]))})
        for part, content in parts.items()
    }


def save(results: Mapping[str, Result], file: Path = FILE) -> None:
    """Write the results of all parts, in the order of the parts."""
    ordered = {part: results[part] for part in PARTS if part in results}
    parts = {part: {**asdict(one), "lines": list(map(line_to_json, one.lines))} for part, one in ordered.items()}
    file.write_text(json.dumps(parts, indent=1, ensure_ascii=False) + "\n")


def _rounded(content: Any) -> Any:
    if isinstance(content, float):
        return float(f"{content:.6g}")
    if isinstance(content, dict):
        return {name: _rounded(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return list(map(_rounded, content))
    return content
