"""`make bench` runs its parts one after the other, and writes their results to docs/performance.md."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from tests.bench import __main__ as bench
from tests.bench.against import Number, compared, numbers
from tests.bench.client_builds import check_toolchains
from tests.bench.page import PAGE, with_tables
from tests.bench.parts import PARTS
from tests.bench.results import Result, load, save
from tests.bench.table import Figure, Line, medians, render

LINE = Line("Appends", Figure(1_234.5, "/s", "p99", "1 MB/s"), Figure(0.5, "M values/s", "SQLite"), 2, 1.5)


def part(name: str) -> ModuleType:
    """A part that creates the same folder as the others."""

    def measure(folder: Path) -> Iterator[Line]:
        (folder / "server").mkdir()
        yield replace(LINE, what=name)

    module = ModuleType(name)
    module.measure = measure  # type: ignore[attr-defined]
    return module


def test_parts_share_no_folder(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    names = ("journal", "unary")
    for name in names:
        monkeypatch.setitem(sys.modules, f"tests.bench.{name}", part(name))
    bench.main(names)
    rows = capsys.readouterr().out.splitlines()[-2:]
    assert [row.split(" | ")[0] for row in rows] == ["| journal", "| unary"]


def test_a_line_is_that_of_the_run_with_the_median_ratio() -> None:
    runs = [[replace(LINE, ratio=ratio, figure=Figure(ratio, "/s"))] for ratio in (3.0, 1.0, 2.0)]
    assert medians(runs) == [replace(LINE, ratio=2.0, figure=Figure(2.0, "/s"), spread=(1.0, 3.0))]


def test_a_row_has_figure_baseline_ratio_and_verdict() -> None:
    rows = render([replace(LINE, spread=(1.9, 12.34)), replace(LINE, at_most=True, ratio_unit=" ms")]).splitlines()[2:]
    assert rows == [
        "| Appends | p99: 1,234/s; 1 MB/s | SQLite: 0.50 M values/s | 2.00 (1.90–12.3) | ≥ 1.5 | reached |",
        "| Appends | p99: 1,234/s; 1 MB/s | SQLite: 0.50 M values/s | 2.00 ms | ≤ 1.5 ms | MISSED |",
    ]


def test_results_are_the_same_after_saving(tmp_path: Path) -> None:
    lines = [replace(LINE, baseline=None, target=None), replace(LINE, spread=(1.5, 2.5))]
    results = {"journal": Result("2026-11-30", "194d1f4", "2 cores", 3, lines)}
    save(results, tmp_path / "results.json")
    assert load(tmp_path / "results.json") == results


def test_the_page_has_the_table_of_every_committed_result() -> None:
    results = load()
    assert set(results) == set(PARTS)
    assert with_tables(PAGE.read_text(), results) == PAGE.read_text()


def test_the_page_has_a_place_for_the_table_of_every_part() -> None:
    results = {part: Result("2026-11-30", "194d1f4", "2 cores", 3, [replace(LINE, what=part)]) for part in PARTS}
    page = with_tables(PAGE.read_text(), results)
    assert all(f"| {part} | p99: 1,234/s" in page for part in PARTS)


def test_a_missing_toolchain_fails_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SystemExit, match="Go is not installed.*gcc is not installed"):
        check_toolchains()


EARLIER = """2 cores

| What | Measured | Against | Ratio | Target | |
|---|---|---|---|---|---|
| Streams | 1.50 M values/s; 3 s | executemany: 0.50 M values/s | 3.00 | ≥ 0.6 | reached |
| Calls | 1,505/s |  | 1,505/s | ≥ 500/s | reached |
| Feed | p50 16 ms, p99 40 ms from sending | 100 ms | 2.50 | ≥ 1 | reached |
"""


def test_numbers_are_read_from_the_tables_of_earlier_commits() -> None:
    assert numbers(EARLIER) == {
        "Streams": Number(3.0, at_most=False),
        "Streams: figure": Number(1.5, at_most=False),
        "Calls": Number(1505.0, at_most=False),
        "Feed": Number(2.5, at_most=False),
        "Feed: figure": Number(40.0, at_most=True),
    }


def test_numbers_are_read_from_the_table_of_a_run() -> None:
    line = replace(LINE, figure=Figure(40, "ms", "p99", "p50 16 ms"), at_most=True, spread=(1.0, 3.0))
    assert numbers(render([line])) == {"Appends": Number(2, at_most=True), "Appends: figure": Number(40, at_most=True)}


def test_a_line_without_a_target_is_judged_by_its_unit() -> None:
    line = replace(LINE, figure=Figure(9, "MiB"), baseline=Figure(90, "MiB", "Python"), ratio=0.1, target=None)
    assert numbers(render([line])) == {"Appends": Number(0.1, at_most=True), "Appends: figure": Number(9, at_most=True)}


@pytest.mark.parametrize(
    ("tree", "at_most", "worse"),
    [
        ((94, 95, 96), False, False),  # within the spread of the base's runs
        ((79, 80, 81), False, True),
        ((79, 80, 81), True, False),
        ((129, 130, 131), True, True),
        ((60, 80, 100), False, False),  # within the spread of its own runs
    ],
)
def test_a_line_is_worse_beyond_the_spread_of_the_runs(tree: tuple[float, ...], at_most: bool, worse: bool) -> None:
    base = [{"Calls": Number(value, at_most)} for value in (95.0, 100.0, 105.0)]
    found = compared(base, [{"Calls": Number(value, at_most), "new": Number(1, False)} for value in tree])
    assert {what: comparison.worse for what, comparison in found.items()} == {"Calls": worse}
