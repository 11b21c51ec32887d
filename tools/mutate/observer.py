"""A pytest plugin (-p tools.mutate.observer): names each test as the context of what it executes, and writes how it went.

One line of JSON is appended to the file that MUTATE_RESULTS names for each phase of each test as it ends, for each fixture that
tests share, and for the fixtures of each test.
"""

import json
import os
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

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


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
    """Around the setup of a fixture: what several tests share, a test that runs alone has to wait for."""
    started = time.monotonic()
    value = yield
    if fixturedef.scope != "function":
        setup = {"scope": fixturedef.scope, "context": os.environ.get("PYTEST_CURRENT_TEST", "")}
        _write({"fixture": fixturedef.argname, "seconds": round(time.monotonic() - started, 4), **setup})
    return value


@pytest.fixture(autouse=True)
def fixtures_of_test(request: pytest.FixtureRequest) -> Iterator[None]:
    """Names the fixtures of each test, those included that are requested as it runs."""
    yield
    _write({"test": request.node.nodeid, "fixtures": request.fixturenames})


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """After each phase."""
    _write(
        {
            "test": report.nodeid,
            "phase": report.when,
            "outcome": report.outcome,
            "seconds": round(report.duration, 4),
            "timed_out": report.failed and TIMED_OUT in report.longreprtext,
        }
    )


def _write(result: dict[str, Any]) -> None:
    with Path(os.environ["MUTATE_RESULTS"]).open("a") as file:
        file.write(json.dumps(result) + "\n")


def _switch(item: pytest.Item) -> None:
    if measuring := coverage.Coverage.current():
        measuring.switch_context(f"{HERE}{item.nodeid}")
