"""Measures for docs/performance.md: `python -m tests.bench.report [part …]`.

Runs every part, or the named ones, several times, and writes the medians to docs/performance.json and the page's tables. A
part that fails keeps its last result; the others go on.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from tests.bench import page
from tests.bench.parts import PARTS, ROOT, PartFailed, check_parts, run_part
from tests.bench.results import Result, line_from_json, load, save
from tests.bench.table import Line, machine, medians

RUNS = 3


def main(parts: Sequence[str]) -> None:
    """Exit code 1 if a part fails."""
    check_parts(parts)
    date, commit, failures = datetime.now(UTC).date().isoformat(), _commit(), []
    for part in parts or PARTS:
        try:
            lines = medians([_run(part) for _ in range(RUNS)])
        except PartFailed as failure:
            failures.append(str(failure))
            continue
        save({**load(), part: Result(date, commit, machine(), RUNS, lines)})
        page.main()
    if failures:
        sys.exit("\n".join(failures))


def _run(part: str) -> list[Line]:
    return [line_from_json(line) for line in json.loads(run_part(part, ["--json"]))]


def _commit() -> str:
    """The measured commit, and whether the tree differs from it."""
    commit = _git("rev-parse", "--short", "HEAD")
    return f"{commit} with changes" if _git("status", "--porcelain") else commit


def _git(*command: str) -> str:
    return subprocess.run(["git", *command], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main(sys.argv[1:])
