"""Tries a mutant with the tests that execute what it changes: the fastest first, until one fails."""

import json
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.mutate.mutants import Mutant
from tools.mutate.recording import Recording
from tools.mutate.sources import IMPORT_ROOTS, mentioned, mentions, module, product_files
from tools.mutate.workspace import FOLDER, TREE, PytestForks, environment, replaced

KILLED, HANG, SURVIVED = "killed", "hang", "survived"
# What the tests of one mutant may take, as they were recorded: first a few fast ones in a process, then the rest in another.
_FIRST_SECONDS, _SECONDS, _MOST_TESTS = 5.0, 120.0, 300
# Pytest's limit for one test of a mutant, and the time that a process takes beside its tests.
_TEST_SECONDS, _START_SECONDS = 60, 60.0
# A mutant that has stopped so many tests will stop the others.
_MOST_HANGS = 2


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant: the test that failed, and how many of those that execute it were tried."""

    result: str
    test: str = ""
    tried: int = 0
    known: int = 0


def try_mutant(mutant: Mutant, recording: Recording, forks: PytestForks) -> Outcome:
    """Run its tests."""
    known = _ordered(tests_of(mutant, recording), recording)
    chosen = list(_within(known, recording, _SECONDS))
    first = list(_within(chosen, recording, _FIRST_SECONDS))
    hung = ""
    with replaced(mutant.path, mutant.text):
        for batch in (first, chosen[len(first) :]):
            failed, hangs = _fails(mutant.path, batch, recording, forks)
            if failed:
                return Outcome(KILLED, failed, len(chosen), len(known))
            hung = hung or hangs
    return Outcome(HANG if hung else SURVIVED, hung, len(chosen), len(known))


def tests_of(mutant: Mutant, recording: Recording) -> set[str]:
    """The tests that execute the changed statement.

    What is executed when the module is imported has no test of its own. Of a constant or a field these are the tests of the
    functions that use it, and those of the test files that name it or its class; of anything else, those of the module's functions,
    or where it has none, such as __main__, those of the functions that it imports.
    """
    changed = module(TREE, mutant.path)
    function = changed.function_at(mutant.line)
    of_module = set().union(*map(recording.of_function, changed.functions))
    if not changed.functions:
        of_module = set().union(*(recording.names.get(name, set()) for name in changed.imported()))
    if not function:
        names = changed.defined_at(mutant.line)
        users = [one for path in product_files(TREE) for one in mentions(module(TREE, path), names)]
        naming = _naming(names | changed.class_at(mutant.line), recording)
        return set().union(*map(recording.of_function, users), naming) or of_module
    of_function = recording.of_function(function)
    if mutant.line < function.body or not of_function:
        return of_function or of_module
    return recording.of_lines(function, changed.statement_at(mutant.line))


def _naming(names: set[str], recording: Recording) -> set[str]:
    """The tests of the files in which one of the names occurs."""
    files = {test.partition("::")[0] for test in recording.seconds} if names else set()
    naming = {file for file in files if mentioned(names, (TREE / file).read_text())}
    return {test for test in recording.seconds if test.partition("::")[0] in naming}


def _ordered(tests: set[str], recording: Recording) -> list[str]:
    """The fastest first; of a test with many parameters one case, then another."""
    cases: dict[str, list[str]] = defaultdict(list)
    for test in sorted(tests & recording.seconds.keys(), key=lambda test: (recording.seconds[test], test)):
        cases[test.partition("[")[0]].append(test)
    rounds = {test: number for group in cases.values() for number, test in enumerate(group)}
    return sorted(rounds, key=lambda test: (rounds[test] > 2, recording.seconds[test] * (1 + rounds[test])))


def _within(tests: list[str], recording: Recording, seconds: float) -> Iterator[str]:
    files: set[str] = set()
    for test in tests[:_MOST_TESTS]:
        file = test.partition("::")[0]
        seconds -= recording.seconds[test] - (recording.fastest[file] if file in files else 0.0)
        if files and seconds < 0:
            return
        files.add(file)
        yield test


def _fails(path: str, tests: list[str], recording: Recording, forks: PytestForks) -> tuple[str, str]:
    """The first test that fails, and the first that only ran out of time, or empty texts."""
    hung = ""
    for _ in range(_MOST_HANGS):
        if not tests:
            break
        failed, stopped = _run(path, tests, sum(recording.seconds[test] for test in tests), forks)
        if failed:
            return failed, hung
        if not stopped:
            break
        hung = hung or stopped
        tests = tests[tests.index(stopped) + 1 :] if stopped in tests else []
    return "", hung


def _run(path: str, tests: list[str], seconds: float, forks: PytestForks) -> tuple[str, str]:
    results = FOLDER / "results.jsonl"
    limit = _START_SECONDS + _TEST_SECONDS + 4 * seconds
    code = forks.run(tests, results, limit, "-x", f"--timeout={_TEST_SECONDS}")
    if code is None:
        return "", _last(results, tests)
    failures = [phase for phase in _phases(results) if phase["outcome"] == "failed"]
    if failures and all(failure["timed_out"] for failure in failures):
        return "", str(failures[0]["test"])
    if failures:
        return str(failures[0]["test"]), ""
    if code > 0 and _imports(path):
        # Pytest reports at its end what tests left open.
        return "the end", ""
    return ("the start" if code else ""), ""


def _imports(path: str) -> bool:
    """Whether the changed module can be imported; a mutant for which it cannot is killed before any test."""
    package = next(root for root in IMPORT_ROOTS if path.startswith(f"{root}/"))
    name = path.removeprefix(f"{package}/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return (
        subprocess.run([TREE / ".venv/bin/python", "-c", f"import {name}"], env=environment(), check=False).returncode
        == 0
    )


def _phases(results: Path) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in results.read_text().splitlines()] if results.exists() else []
    return [line for line in lines if "phase" in line]


def _last(results: Path, tests: list[str]) -> str:
    """The test after the last that ended."""
    ended = {phase["test"] for phase in _phases(results) if phase["phase"] == "teardown"}
    return next((test for test in tests if test not in ended), tests[-1])
