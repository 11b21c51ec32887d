"""A pytest plugin (-p tools.mutate.observer): names each test as the context of what it executes, and writes how it went.

One line of JSON is appended to the file that MUTATE_RESULTS names for each phase of each test, as it ends.
"""

import json
import os
from pathlib import Path

import coverage
import pytest

# Marks a context of pytest's own process. A server that a test starts has coverage.py's static context only: the test's name.
HERE = "pytest|"
TIMED_OUT = "from pytest-timeout"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before the fixtures."""
    _switch(item)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Before the test itself."""
    _switch(item)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Before the fixtures end."""
    _switch(item)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """After each phase."""
    result = {
        "test": report.nodeid,
        "phase": report.when,
        "outcome": report.outcome,
        "seconds": round(report.duration, 4),
        "timed_out": report.failed and TIMED_OUT in report.longreprtext,
    }
    with Path(os.environ["MUTATE_RESULTS"]).open("a") as file:
        file.write(json.dumps(result) + "\n")


def _switch(item: pytest.Item) -> None:
    if measuring := coverage.Coverage.current():
        measuring.switch_context(f"{HERE}{item.nodeid}")
