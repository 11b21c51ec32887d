"""Migrates a database to the newest schema, safely with several processes that start at once."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from iotflow_server.db.engines import migrating_engine

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


def _lock(connection: Connection) -> None:
    """Wait for the migrations of other processes. On SQLite the transaction has the write lock already."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})


def _upgrade(connection: Connection) -> None:
    config = Config(attributes={"connection": connection})
    # In Alembic's configuration, % begins a variable.
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    command.upgrade(config, "head")
