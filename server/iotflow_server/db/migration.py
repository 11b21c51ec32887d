"""Migrates a database to the newest schema, safely with several processes that start at once."""

from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from iotflow_server.db.engines import has_file, migrating_engine, reading_engine

FOLDER = Path(__file__).with_name("migrations")
# An arbitrary number that other users of the PostgreSQL database do not use.
LOCK = 0x10F10E


def migrate(url: str) -> None:
    """Upgrade the database at url, unless it is current. Blocks; call it from a thread.

    Raises SQLAlchemy's errors if the database is unavailable.
    """
    engine = migrating_engine(url)
    try:
        with engine.begin() as connection:
            _lock(connection)
            _upgrade(connection)
    finally:
        engine.dispose()


@dataclass(frozen=True, slots=True)
class SchemaState:
    """Names of versions of the schema. current: None: the database has none, or does not exist."""

    current: str | None
    newest: str

    @property
    def is_current(self) -> bool:
        return self.current == self.newest


def schema_state(url: str) -> SchemaState:
    """The version of the database at url, which is not changed. Blocks. Raises SQLAlchemy's errors."""
    newest = ScriptDirectory.from_config(_config()).get_current_head() or ""
    if not has_file(url):
        return SchemaState(None, newest)
    engine = reading_engine(url, 1)
    try:
        with engine.connect() as connection:
            return SchemaState(MigrationContext.configure(connection).get_current_revision(), newest)
    finally:
        engine.dispose()


def knows(revision: str) -> bool:
    """Whether this version can migrate a database from this revision."""
    return revision in {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


def _lock(connection: Connection) -> None:
    """Wait for the migrations of other processes. On SQLite the transaction has the write lock already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})


def _upgrade(connection: Connection) -> None:
    command.upgrade(_config(connection=connection), "head")


def _config(**attributes: object) -> Config:
    config = Config(attributes=attributes)
    # In Alembic's configuration, % begins a variable.
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    return config
