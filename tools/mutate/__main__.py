"""Tries mutants of the product: `python -m tools.mutate`, or `make mutate ARGS="--mutants 200 --seed 7 --minutes 30"`."""

import argparse
import sys
import time
from collections.abc import Iterator
from itertools import chain, islice

from tools.mutate import mutants, recording, report, workspace
from tools.mutate.mutants import Mutant
from tools.mutate.trial import try_mutant

_CHANGED, _RANDOM = "changed", "random"
_REPORT = workspace.FOLDER / "report.json"


def main() -> int:
    """1 where too few are killed, or some are noticed by a hang only."""
    arguments = _arguments()
    workspace.copy_repository()
    recording.record(again=arguments.record)
    tried = []
    for one in _tried(arguments):
        tried.append(one)
        print(f"{len(tried):4} {one.seconds:4.0f} s  {report.line(one)}", flush=True)
        report.write(_REPORT, arguments.seed, workspace.commit(), tried)
    for sample in (_CHANGED, _RANDOM):
        of_sample = [one for one in tried if one.sample == sample]
        print(
            f"\n{sample}: {report.share_killed(of_sample):.0%} of those not explained are killed\n{report.table(of_sample)}"
        )
    hangs = any(one.verdict == "hang" for one in tried)
    return int(hangs or report.share_killed(tried) < report.LEAST_KILLED)


def _tried(arguments: argparse.Namespace) -> Iterator[report.Tried]:
    """One after the other, until all are tried or the time is over."""
    recorded, reasons = recording.load(), report.reasons()
    deadline = time.monotonic() + arguments.minutes * 60
    forks = workspace.PytestForks()
    for sample, mutant in _chosen(arguments):
        started = time.monotonic()
        if started > deadline:
            print(f"the {arguments.minutes} minutes are over")
            return
        outcome = try_mutant(mutant, recorded, forks)
        yield report.Tried(mutant, outcome, sample, time.monotonic() - started, reasons.get(mutant.key, ""))


def _chosen(arguments: argparse.Namespace) -> Iterator[tuple[str, Mutant]]:
    if arguments.survivors:
        # A list: the report is written anew meanwhile.
        yield from list(report.survivors(_REPORT, workspace.TREE))
        return
    changed = mutants.of_lines(workspace.TREE, workspace.changed_lines(), arguments.seed)
    whole = mutants.sample(workspace.TREE, arguments.seed)
    yield from chain(
        ((_CHANGED, mutant) for mutant in islice(changed, arguments.changed)),
        ((_RANDOM, mutant) for mutant in islice(whole, arguments.mutants)),
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutate", description=sys.modules["tools.mutate"].__doc__)
    parser.add_argument(
        "--changed", type=int, default=40, help="mutants of the lines that differ from main (%(default)s)"
    )
    parser.add_argument("--mutants", type=int, default=100, help="mutants of the whole product (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="chooses the mutants (%(default)s)")
    parser.add_argument("--minutes", type=float, default=30, help="limit, without the recording (%(default)s)")
    parser.add_argument("--survivors", action="store_true", help="only those that survived the last time")
    parser.add_argument("--record", action="store_true", help="record anew what all tests execute")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
