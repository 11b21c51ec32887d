"""Every backend that keeps readings, each test on a fresh one, under a clock that the test moves."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from iotflow_server.telemetry.journal import JournaledStore
from iotflow_server.telemetry.store import TelemetryStore
from iotflow_server.telemetry.stores.sqlite import SqliteStore
from tests.contract.durable import DurableBackend
from tests.contract.readings import Clock
from tests.coroutines import pytest_pyfunc_call, runner

__all__ = ["pytest_pyfunc_call", "runner"]

# From a folder of the test's own and a clock to a store that is not started yet. Called again with the same folder: a
# store of the same readings.
BACKENDS: dict[str, Callable[[Path, Clock], TelemetryStore]] = {
    "journaled sqlite": lambda folder, clock: JournaledStore(
        DurableBackend(SqliteStore(folder / "readings.db", clock=clock)), folder / "journal"
    ),
    "sqlite": lambda folder, clock: SqliteStore(folder / "readings.db", clock=clock),
}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=BACKENDS)
def make_store(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Callable[[], TelemetryStore]:
    """Each call: one more store of the same readings, not started."""
    backend = BACKENDS[request.param]
    return lambda: backend(tmp_path, clock)


@pytest.fixture
def store(make_store: Callable[[], TelemetryStore], runner: asyncio.Runner) -> Iterator[TelemetryStore]:
    store = make_store()
    runner.run(store.start())
    yield store
    runner.run(store.close())
