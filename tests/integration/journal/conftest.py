"""A journaled writer over a backend that the test can make unavailable."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from iotflow_server.telemetry.journal import JournaledWriter
from tests.integration.journal.forgetful import ForgetfulBackend, journaled


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder of all journals."""
    return tmp_path / "journals"


@pytest.fixture
def backend(tmp_path: Path) -> ForgetfulBackend:
    return ForgetfulBackend(tmp_path)


@pytest.fixture
async def store(backend: ForgetfulBackend, root: Path) -> AsyncIterator[JournaledWriter]:
    store = journaled(backend, root)
    await store.start()
    yield store
    await store.close()
