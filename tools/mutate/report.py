"""What became of the mutants: a table for each area, the survivors, and all of it as JSON."""

import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.mutate.mutants import Mutant, made
from tools.mutate.sources import AREAS, area_of
from tools.mutate.trial import HANG, KILLED, SURVIVED, Outcome

EXPLAINED = "explained"
_COLUMNS = (KILLED, HANG, SURVIVED, EXPLAINED)
_ACCEPTED = Path(__file__).with_name("accepted.toml")
# Of the mutants that no entry explains.
LEAST_KILLED = 0.9


@dataclass(frozen=True)
class Tried:
    """A mutant, what became of it, and why it may survive."""

    mutant: Mutant
    outcome: Outcome
    sample: str
    seconds: float
    reason: str

    @property
    def verdict(self) -> str:
        """A column of the table."""
        return EXPLAINED if self.reason and self.outcome.result == SURVIVED else self.outcome.result


def survivors(file: Path, root: Path) -> Iterator[tuple[str, Mutant]]:
    """The mutants of an earlier report that no test killed, with their samples, as far as their code is unchanged."""
    for entry in json.loads(file.read_text())["mutants"]:
        if entry["verdict"] != KILLED and (root / entry["path"]).exists():
            mutant = made(root, entry["path"], entry["operator"], entry["occurrence"])
            if mutant and (mutant.definition, mutant.after) == (entry["definition"], entry["after"]):
                yield entry["sample"], mutant


def reasons() -> dict[str, str]:
    """Key of a mutant → why no test can or should notice it."""
    entries = tomllib.loads(_ACCEPTED.read_text())["mutant"]
    return {entry["key"]: entry["reason"] for entry in entries}


def table(tried: Iterable[Tried]) -> str:
    """Counts by area."""
    counts = Counter((area_of(one.mutant.path), one.verdict) for one in tried)
    total = {column: sum(counts[area, column] for area in AREAS) for column in _COLUMNS}
    rows = [_row(area, [str(counts[area, column]) for column in _COLUMNS]) for area in AREAS]
    return "\n".join([_row("area", _COLUMNS), *rows, _row("all", map(str, total.values()))])


def share_killed(tried: Iterable[Tried]) -> float:
    """Of those that are not explained."""
    verdicts = Counter(one.verdict for one in tried)
    unexplained = verdicts.total() - verdicts[EXPLAINED]
    return verdicts[KILLED] / unexplained if unexplained else 1.0


def line(one: Tried) -> str:
    """A mutant as a reader looks for it, with the number of tests that did not notice it."""
    tests = f"{one.outcome.tried} of {one.outcome.known} tests"
    return f"{one.verdict:9} {one.mutant.path}:{one.mutant.line} {one.mutant.key}  [{one.outcome.test or tests}]"


def write(file: Path, seed: int, commit: str, tried: Iterable[Tried]) -> None:
    """As JSON."""
    mutants = [
        {**{name: value for name, value in asdict(one.mutant).items() if name != "text"}, **asdict(one.outcome)}
        | {"verdict": one.verdict, "sample": one.sample, "seconds": round(one.seconds, 1), "reason": one.reason}
        for one in tried
    ]
    file.write_text(json.dumps({"seed": seed, "commit": commit, "mutants": mutants}, indent=1) + "\n")


def _row(name: str, cells: Iterable[str]) -> str:
    return f"{name:15}" + "".join(f"{cell:>11}" for cell in cells)
