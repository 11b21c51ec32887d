"""The parts of the registry on SQLite and on a real PostgreSQL, with a clock that the test controls."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from iotflow_server.db.database import Database
from tests.integration.registry.parts import Clock, Parts, parts_of
from tests.support.postgres import Postgres, postgres_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_url(postgres: Postgres) -> str:
    return postgres.create_database()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/registry.db"
    server: Postgres = request.getfixturevalue("postgres")
    return server.emptied(request.getfixturevalue("postgres_url"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    database = Database(url)
    await database.start()
    yield database
    await database.close()


@pytest.fixture
def parts(database: Database, clock: Clock) -> Parts:
    return parts_of(database, clock)
