"""The table of the conformance results."""

from datetime import date
from pathlib import Path

from clients.conformance import results
from clients.conformance.outcome import Outcome
from clients.conformance.scenario import load


def test_the_table_has_each_client_and_the_reasons_of_what_it_did_not_pass(tmp_path: Path) -> None:
    first, second, third = (scenario.name for scenario in load()[:3])
    outcomes = [
        Outcome(first, "passed"),
        Outcome(second, "failed", "step 1: no\nmore"),
        Outcome(third, "skipped", "no disk"),
    ]
    results.record("go", outcomes, date(2026, 1, 2), tmp_path)
    results.record("rust", [Outcome(first, "passed")], date(2026, 1, 3), tmp_path)
    results.write_page(load(), tmp_path)
    page = (tmp_path / "RESULTS.md").read_text()
    for row in (
        "| Scenario | go | rust |",
        "| *Date* | 2026-01-02 | 2026-01-03 |",
        "| *Passed* | 1 | 1 |",
        f"| {first} | ✓ | ✓ |",
        f"| {second} | ✗ |  |",
        f"| {third} | – |  |",
        f"| go | {second} | step 1: no |",
        f"| go | {third} | no disk |",
    ):
        assert row in page.splitlines()
