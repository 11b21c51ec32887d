"""Brings a database to the newest schema, however many processes start at once."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from iotflow_server.db.engines import migrating_engine

FOLDER = Path(__file__).with_name("migrations")
# Any number that no other user of the same PostgreSQL database takes.
LOCK = 0x10F10E


def migrate(url: str) -> None:
    """Upgrade the database at url; one that is up to date is left alone. Blocks: call it from a thread.

    Raises SQLAlchemy's errors where the database is out of reach.
    """
    engine = migrating_engine(url)
    try:
        with engine.begin() as connection:
            _lock(connection)
            _upgrade(connection)
    finally:
        engine.dispose()


def _lock(connection: Connection) -> None:
    """Waits for other processes. On SQLite the transaction has begun with the write lock in hand."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})


def _upgrade(connection: Connection) -> None:
    config = Config(attributes={"connection": connection})
    # Alembic's configuration takes % for the start of a variable.
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    command.upgrade(config, "head")
