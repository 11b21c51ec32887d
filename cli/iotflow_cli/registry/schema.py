"""`iotflow init-db`, and what `migrate` does to the schema of the registry."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from iotflow_cli.command_line.grammar import command
from iotflow_cli.command_line.options import data_dir_option
from iotflow_cli.console import UsageError
from iotflow_cli.output.exit_codes import ExitCode
from iotflow_cli.output.results import Record

if TYPE_CHECKING:
    from iotflow_server.db.migration import SchemaState


@command("init-db")
@data_dir_option("data folder, with the registry unless IOTFLOW_DATABASE_URL names another")
def init_db(data_dir: Path) -> Record:
    """Create the registry's database, its secrets and the admin token.

    The server does so too at its first start. What exists already stays as it is.
    """
    from iotflow_server.auth.secret_files import ADMIN_TOKEN, GATEWAY_TOKEN, KEY_SECRET, kept_secret

    folder = data_dir.resolve()
    # Databases and secrets are readable by their owner only.
    os.umask(0o077)
    with _sentences():
        folder.mkdir(parents=True, exist_ok=True)
        state = _upgraded(registry_url(folder))
        for name in (ADMIN_TOKEN, GATEWAY_TOKEN, KEY_SECRET):
            kept_secret(folder, name)
    return Record(
        {"data_dir": str(folder), "schema": state.current},
        sentence=f"The registry in {folder} is ready (schema {state.current}).",
    )


def upgrade_schema(data_dir: Path) -> Record:
    """Bring the registry to the newest schema. Raises UsageError."""
    url = registry_url(data_dir)
    os.umask(0o077)
    with _sentences():
        before = _state(url)
        after = _upgraded(url)
    changed = before.current != after.current
    sentence = f"The registry has the schema {after.current}{'' if changed else ', as before'}."
    return Record({"before": before.current, "schema": after.current, "changed": changed}, sentence=sentence)


def check_schema(data_dir: Path) -> Record:
    """Whether the registry has the newest schema; nothing is changed. Raises UsageError."""
    with _sentences():
        state = _state(registry_url(data_dir))
    if state.is_current:
        sentence = f"The registry has the newest schema, {state.current}."
    else:
        sentence = f"The registry has the schema {state.current or 'none'}; the newest is {state.newest}. Run `iotflow migrate`."
    return Record(
        {"schema": state.current, "newest": state.newest, "is_current": state.is_current},
        sentence=sentence,
        exit_code=ExitCode.DONE if state.is_current else ExitCode.FAILED,
    )


def registry_url(data_dir: Path) -> str:
    """The URL of the registry of a data folder. Raises UsageError."""
    from iotflow_server.settings import WrongSettings, load_settings

    try:
        return load_settings().model_copy(update={"data_dir": data_dir}).registry_url
    except WrongSettings as error:
        raise UsageError(f"The settings are invalid:\n{error}") from None


def _state(url: str) -> "SchemaState":
    from iotflow_server.db.migration import schema_state

    return schema_state(url)


def _upgraded(url: str) -> "SchemaState":
    """Create or upgrade the database as the server does at its start, which checks the file of SQLite too."""
    from iotflow_server.db.database import Database

    async def start() -> None:
        database = Database(url)
        try:
            await database.start()
        finally:
            await database.close()

    asyncio.run(start())
    return _state(url)


@contextmanager
def _sentences() -> Iterator[None]:
    """Errors of the database as sentences."""
    from sqlalchemy.exc import SQLAlchemyError

    from iotflow_server.errors import DomainError
    from iotflow_server.process import CannotStart

    try:
        yield
    except (SQLAlchemyError, DomainError, CannotStart, ValueError, OSError) as error:
        raise UsageError(f"The registry cannot be used: {error}") from None
