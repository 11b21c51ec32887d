"""The parts of the registry on SQLite and on a real PostgreSQL, with a clock that the test controls."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from shutil import copyfile

import pytest

from iotflow_server.db.database import Database
from iotflow_server.db.migration import migrate
from iotflow_server.db.models import Base
from tests.integration.registry.parts import Clock, Parts, parts_of
from tests.support.postgres import Postgres, postgres_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_url(postgres: Postgres) -> str:
    return postgres.create_database()


@pytest.fixture(scope="session")
def migrated_postgres_url(postgres: Postgres) -> str:
    url = postgres.create_database()
    migrate(url)
    return url


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of SQLite with the newest schema and no rows. Its write-ahead log is empty."""
    path = tmp_path_factory.mktemp("migrated") / "registry.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of the database."""
    kind: str = request.param
    return kind


@pytest.fixture
def empty_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, for tests of starts and migrations."""
    if kind == "sqlite":
        return f"sqlite:///{tmp_path}/registry.db"
    server: Postgres = request.getfixturevalue("postgres")
    return server.emptied(request.getfixturevalue("postgres_url"))


@pytest.fixture
def url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database with the newest schema and no rows, which is much faster than a migration."""
    if kind == "sqlite":
        copyfile(request.getfixturevalue("migrated_file"), tmp_path / "registry.db")
        return f"sqlite:///{tmp_path}/registry.db"
    server: Postgres = request.getfixturevalue("postgres")
    tables = [table.name for table in reversed(Base.metadata.sorted_tables)]
    return server.without_rows(request.getfixturevalue("migrated_postgres_url"), tables)


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
