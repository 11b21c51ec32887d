"""The tables of docs/performance.md, written from docs/performance.json: `python -m tests.bench.page`."""

from collections.abc import Mapping

from tests.bench.parts import ROOT
from tests.bench.results import Result, load
from tests.bench.table import render

PAGE = ROOT / "docs" / "performance.md"
RUNS = "runs"


def with_tables(text: str, results: Mapping[str, Result]) -> str:
    """The page with the table of each part, and the table of the runs, replaced."""
    for part, result in results.items():
        text = _replaced(text, part, render(result.lines))
    return _replaced(text, RUNS, _runs(results))


def _replaced(text: str, name: str, table: str) -> str:
    begin, end = f"<!-- bench {name} -->", f"<!-- /bench {name} -->"
    before, rest = text.split(begin)
    _, after = rest.split(end)
    return f"{before}{begin}\n{table}\n{end}{after}"


def _runs(results: Mapping[str, Result]) -> str:
    rows = ["| Part | Date | Commit | Runs | Machine |", "|---|---|---|---|---|"]
    for part, result in results.items():
        rows.append(f"| {part} | {result.date} | {result.commit} | {result.runs} | {result.machine} |")
    return "\n".join(rows)


def main() -> None:
    """Write the tables."""
    PAGE.write_text(with_tables(PAGE.read_text(), load()))


if __name__ == "__main__":
    main()
