"""A server process and a real IoTDB that the tests kill.

Random choices follow from a seed; FAULT_SEED=<number> repeats them.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random, SystemRandom

import pytest

from tests.faults.database import Database
from tests.faults.server import server_process
from tests.faults.service import Service
from tests.support.iotdb import running_iotdb

SEED = int(os.environ.get("FAULT_SEED") or ("1" if "CI" in os.environ else SystemRandom().randrange(2**31)))


def pytest_report_header() -> str:
    return f"faults: FAULT_SEED={SEED}"


@pytest.fixture(scope="session")
def iotdb() -> Iterator[Database]:
    """One IoTDB for all tests."""
    with running_iotdb() as server:
        yield Database(server)


@pytest.fixture
async def database(iotdb: Database) -> Database:
    """The running IoTDB, empty."""
    await iotdb.start()
    await iotdb.empty()
    return iotdb


@pytest.fixture
def random(request: pytest.FixtureRequest) -> Random:
    """A generator for each test, so that its choices do not depend on the other tests."""
    print(f"FAULT_SEED={SEED}")  # noqa: T201 - shown where the test fails
    return Random(f"{SEED} {request.node.name}")  # noqa: S311


@pytest.fixture
def settings() -> dict[str, str]:
    """Settings of the server that a test overrides."""
    return {}


@pytest.fixture
def service(database: Database, random: Random, settings: dict[str, str], tmp_path: Path) -> Iterator[Service]:
    """The running server with its IoTDB."""
    with server_process(tmp_path, database.url, settings) as server:
        server.start()
        yield Service(server, database, random)
