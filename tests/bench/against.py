"""Compares the tree with an earlier commit: `python -m tests.bench.against COMMIT [part …]`.

Both run the same parts in turn, each with its own measurement, and the medians are compared line by line. The tables that the
runs print are compared, because earlier commits print nothing else. The earlier commit runs with the packages that are
installed for the tree.
"""

import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.parts import PARTS, ROOT, PartFailed, check_parts, run_part

RUNS = 3
PROJECTS = ("clients/python", "server", "gateway", "simulators", "cli")
NUMBER = r"(\d[\d,]*(?:\.\d+)?)"
FIGURE = re.compile(rf"(?:.*?p99:? )?{NUMBER} ?(\S*)")
RATIO = re.compile(rf"{NUMBER}(.*?)(?: \(.*\))?")
SMALLER_IS_BETTER = ("ms", "MiB", "kB")


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a table. at_most: the smaller, the better."""

    value: float
    at_most: bool


def numbers(table: str) -> dict[str, Number]:
    """The ratio of each line, and its figure where the ratio is against a baseline."""
    found = {}
    for row in table.splitlines():
        cells = [cell.strip() for cell in row.split("|")[1:-1]]
        if len(cells) < 6 or not (ratio := RATIO.fullmatch(cells[3])):
            continue
        what, figure, baseline, _, target, *_ = cells
        measured = FIGURE.match(figure)
        is_small = measured is not None and measured[2].rstrip(",;") in SMALLER_IS_BETTER
        # Without a target, the unit of the figure tells what is better.
        found[what] = Number(_value(ratio[1]), target.startswith("≤") or (not target and is_small))
        if measured and baseline and not ratio[2]:
            found[f"{what}: figure"] = Number(_value(measured[1]), is_small)
    return found


def _value(text: str) -> float:
    return float(text.replace(",", ""))


@dataclass(frozen=True, slots=True)
class Comparison:
    """The numbers of a line in all runs of both trees."""

    base: Sequence[float]
    tree: Sequence[float]
    at_most: bool

    @property
    def ratio(self) -> float:
        """The tree's median against the base's."""
        return statistics.median(self.tree) / statistics.median(self.base)

    @property
    def spread(self) -> float:
        """From the lowest to the highest run against the median, of the tree that varies more."""
        return max((max(runs) - min(runs)) / statistics.median(runs) for runs in (self.base, self.tree))

    @property
    def worse(self) -> bool:
        """Whether the tree is worse by more than the spread."""
        return (1 / self.ratio if self.at_most else self.ratio) < 1 - self.spread


def compared(base: Sequence[Mapping[str, Number]], tree: Sequence[Mapping[str, Number]]) -> dict[str, Comparison]:
    """The lines that all runs have. base, tree: the numbers of each run."""
    common = [what for what in tree[0] if all(run.get(what, Number(0, False)).value for run in (*base, *tree))]
    return {
        what: Comparison([run[what].value for run in base], [run[what].value for run in tree], tree[0][what].at_most)
        for what in common
    }


def render(comparisons: Mapping[str, Comparison]) -> str:
    """A Markdown table."""
    rows = ["| Line | Base | Tree | Tree / base | Spread | |", "|---|---|---|---|---|---|"]
    for what, one in comparisons.items():
        base, tree = statistics.median(one.base), statistics.median(one.tree)
        worse = "WORSE" if one.worse else ""
        rows.append(f"| {what} | {base:,.6g} | {tree:,.6g} | {one.ratio:.2f} | {one.spread:.0%} | {worse} |")
    return "\n".join(rows)


@contextmanager
def worktree(commit: str) -> Iterator[Path]:
    """The commit's tree in a temporary folder, with what was downloaded for this one."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder, "base")
        _git("worktree", "add", "--quiet", "--detach", str(tree), commit)
        try:
            for made in ("build", ".venv"):
                (tree / made).symlink_to(ROOT / made)
            yield tree
        finally:
            _git("worktree", "remove", "--force", str(tree))


def _git(*command: str) -> None:
    subprocess.run(["git", *command], cwd=ROOT, check=True)


def measure(part: str, base: Path) -> dict[str, Comparison]:
    """Run a part in both trees in turn. Raises PartFailed."""
    of_base, of_tree = [], []
    projects = [base / project for project in PROJECTS]
    for _ in range(RUNS):
        of_base.append(numbers(run_part(part, root=base, projects=projects)))
        of_tree.append(numbers(run_part(part)))
    for what in sorted(of_base[0].keys() ^ of_tree[0].keys()):
        sys.stderr.write(f"not in both trees: {what}\n")
    return compared(of_base, of_tree)


def main(commit: str, *parts: str) -> None:
    """Print the comparison. Exit code 1 if a line is worse or a part fails."""
    check_parts(parts)
    comparisons: dict[str, Comparison] = {}
    failures = []
    with worktree(commit) as base:
        for part in parts or PARTS:
            try:
                comparisons |= measure(part, base)
            except PartFailed as failure:
                failures.append(str(failure))
    sys.stdout.write(render(comparisons) + "\n")
    worse = [f"worse: {what}" for what, one in comparisons.items() if one.worse]
    if failures or worse:
        sys.exit("\n".join(failures + worse))


if __name__ == "__main__":
    main(*sys.argv[1:])
