"""Which tests execute which lines, recorded once and kept in build/mutate/recorded: a file for each test file.

Lines are kept by the function they are in, so a recording holds while functions move; a function that changed since is found by
its name. A test file is recorded again when it changes.
"""

import contextlib
import hashlib
import json
import os
import shutil
import signal
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import coverage

from tools.mutate.observer import HERE
from tools.mutate.sources import AREAS, Function, module, product_files
from tools.mutate.workspace import FOLDER, TREE, pytest_process

SUITES = ("tests/unit", "tests/contract", "tests/integration", "tests/e2e")
RECORDED = FOLDER / "recorded"
_LIMIT_SECONDS = 3600
_RC = """
[run]
data_file = {folder}/data
parallel = true
core = ctrace
context = ${{PYTEST_CURRENT_TEST-}}
omit = */iotflow/v1/*
source =
    {packages}
"""


@dataclass
class Recording:
    """What all the recorded tests execute."""

    # Function (its key, and its name) → offset of a line in it → tests.
    lines: dict[str, dict[int, set[str]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    names: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    # What a test takes alone, in seconds.
    seconds: dict[str, float] = field(default_factory=dict)
    # What the fastest test of a file takes alone: the fixtures that all its tests share take at most as much.
    fastest: dict[str, float] = field(default_factory=dict)

    def of_lines(self, function: Function, lines: Iterable[int]) -> set[str]:
        """The tests that execute one of the lines; all of the function's where it is not known line by line."""
        if function.key not in self.lines:
            return self.of_function(function)
        executed = self.lines[function.key]
        return set().union(*(executed.get(line - function.first, ()) for line in lines))

    def of_function(self, function: Function) -> set[str]:
        """The tests that execute a function; by its name where its text changed."""
        if function.key in self.lines:
            return set().union(*self.lines[function.key].values())
        return self.names.get(function.name, set())


def record(again: bool = False) -> None:
    """Run the test files that are new or changed since they were recorded, or all of them; and forget those that are gone."""
    RECORDED.mkdir(parents=True, exist_ok=True)
    files = [str(path.relative_to(TREE)) for suite in SUITES for path in (TREE / suite).rglob("test_*.py")]
    for kept in RECORDED.glob("*.json"):
        entry = json.loads(kept.read_text())
        if not (TREE / entry["file"]).exists() or _hash(TREE / entry["file"]) != entry["hash"]:
            kept.unlink()
    stale = sorted(file for file in files if again or not _entry(file).exists())
    for folder, group in groupby(stale, key=lambda file: str(Path(file).parent)):
        members = list(group)
        print(f"recording what {len(members)} test files of {folder} execute …", flush=True)
        started = time.monotonic()
        _record(members)
        print(f"  {time.monotonic() - started:.0f} s", flush=True)


def load() -> Recording:
    """What is recorded."""
    recording = Recording()
    for kept in RECORDED.glob("*.json"):
        entry = json.loads(kept.read_text())
        tests = entry["tests"]
        recording.seconds.update(zip(tests, entry["seconds"], strict=True))
        recording.fastest[entry["file"]] = min(entry["seconds"], default=0.0)
        for key, (name, lines) in entry["functions"].items():
            for offset, numbers in lines.items():
                executing = {tests[number] for number in numbers}
                recording.lines[key][int(offset)] |= executing
                recording.names[name] |= executing
    return recording


def _record(files: list[str]) -> None:
    data = FOLDER / "coverage"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    rc = data / "rc"
    rc.write_text(_RC.format(folder=data, packages="\n    ".join(str(TREE / package) for package in AREAS.values())))
    results = FOLDER / "results.jsonl"
    process = pytest_process(files, results, {"COVERAGE_PROCESS_START": str(rc)}, "--timeout=180")
    try:
        process.wait(_LIMIT_SECONDS)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    lines = [json.loads(line) for line in results.read_text().splitlines()] if results.exists() else []
    seconds, failed = _durations(lines)
    executed = _executed(data, failed, _wide_setups(lines))
    for file in files:
        if any(test.startswith(f"{file}::") for test in seconds):
            _write(file, seconds, executed, failed)
        else:
            print(f"  {file} was not run, and is recorded the next time", flush=True)


def _durations(lines: list[dict[str, Any]]) -> tuple[dict[str, float], set[str]]:
    """What each test takes alone, with the fixtures that it shares; and the tests that failed: they cannot show a change."""
    fixtures = {line["fixture"]: line["seconds"] for line in lines if "fixture" in line}
    seconds: dict[str, float] = defaultdict(float)
    for line in lines:
        # The setup of a test includes that of fixtures that others share.
        if line.get("phase") in ("call", "teardown"):
            seconds[line["test"]] += line["seconds"]
        elif "fixtures" in line:
            seconds[line["test"]] += sum(fixtures.get(name, 0.0) for name in line["fixtures"])
    failed = {line["test"] for line in lines if line.get("outcome", "passed") != "passed"}
    return {test: round(one, 3) for test, one in seconds.items()}, failed


def _wide_setups(lines: list[dict[str, Any]]) -> set[str]:
    """The contexts in which fixtures began that the tests of several files share."""
    return {line["context"] for line in lines if line.get("scope") in ("package", "session")}


def _executed(folder: Path, failed: set[str], wide: set[str]) -> dict[str, dict[tuple[str, int], set[str]]]:
    """Path → (function's key, offset) → tests, and the files and folders of which all tests may execute it."""
    found: dict[str, dict[tuple[str, int], set[str]]] = defaultdict(lambda: defaultdict(set))
    for file in folder.glob("data*"):
        data = coverage.CoverageData(file)
        # A process that was killed leaves no whole file.
        with contextlib.suppress(coverage.exceptions.DataError):
            data.read()
            for path, line, test in _lines(data, wide):
                function = module(TREE, path).function_at(line)
                if function and test not in failed:
                    found[path][function.key, line - function.first].add(test)
    return found


def _lines(data: coverage.CoverageData, wide: set[str]) -> Iterator[tuple[str, int, str]]:
    for measured in data.measured_files():
        path = str(Path(measured).relative_to(TREE))
        for line, contexts in data.contexts_by_lineno(measured).items():
            for context in contexts:
                if test := _test(context, wide):
                    yield path, line, test


def _test(context: str, wide: set[str]) -> str:
    """The test's id. A test's own server has the test alone; one that a fixture starts serves all tests of the file or folder."""
    if "|" in context and HERE in context:
        return context.partition(HERE)[2]
    test, _, phase = context.rpartition(" ")
    if phase != "(setup)":
        return test
    file = test.partition("::")[0]
    return str(Path(file).parent) if context in wide else file


def _write(
    file: str, seconds: dict[str, float], executed: dict[str, dict[tuple[str, int], set[str]]], failed: set[str]
) -> None:
    tests = [test for test in seconds if test.startswith(f"{file}::") and test not in failed]
    functions: dict[str, tuple[str, dict[int, list[int]]]] = {}
    names = {one.key: one.name for path in product_files(TREE) for one in module(TREE, path).functions}
    shared = {file, str(Path(file).parent)}
    for lines in executed.values():
        for (key, offset), executing in lines.items():
            numbers = [number for number, test in enumerate(tests) if test in executing or shared & executing]
            if numbers:
                functions.setdefault(key, (names[key], {}))[1][offset] = numbers
    entry = {
        "file": file,
        "hash": _hash(TREE / file),
        "tests": tests,
        "seconds": [seconds[test] for test in tests],
        "functions": functions,
    }
    _entry(file).write_text(json.dumps(entry, separators=(",", ":")))


def _entry(file: str) -> Path:
    return RECORDED / (file.replace("/", "+") + ".json")


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
