"""A journaled writer over a backend that the test can make unavailable."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from iotflow_server.telemetry.journal import JournaledWriter
from tests.integration.journal.forgetful import ForgetfulBackend, journaled
from tests.support.coroutines import pytest_pyfunc_call, runner

__all__ = ["pytest_pyfunc_call", "runner"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder of all journals."""
    return tmp_path / "journals"


@pytest.fixture
def backend(tmp_path: Path) -> ForgetfulBackend:
    return ForgetfulBackend(tmp_path)


@pytest.fixture
def store(backend: ForgetfulBackend, root: Path, runner: asyncio.Runner) -> Iterator[JournaledWriter]:
    store = journaled(backend, root)
    runner.run(store.start())
    yield store
    runner.run(store.close())
