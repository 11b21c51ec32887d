"""A backup of an older version is migrated while it is restored."""

import io
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from iotflow_cli.safekeeping.archive_format import Description
from iotflow_cli.safekeeping.archive_reader import ArchiveReader
from iotflow_cli.safekeeping.archive_writer import ArchiveWriter
from iotflow_cli.safekeeping.restore import check_known, restore
from iotflow_cli.safekeeping.sources import SECRETS
from iotflow_server import VERSION
from iotflow_server.data_folder import SAFEKEEPING_LOCK, reserved
from iotflow_server.db.migration import FOLDER, schema_state

OLDER = "0005"


def older_registry(path: Path) -> None:
    """A registry as an older version made it."""
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(FOLDER))
        command.upgrade(config, OLDER)
    engine.dispose()


def restored(tmp_path: Path) -> Path:
    """The data folder with the restored registry of an older version."""
    older_registry(tmp_path / "registry.db")
    stream = io.BytesIO()
    description = Description(version="0.0.9", stamp="", store="sqlite", revision=OLDER, left_out=[])
    archive = ArchiveWriter(stream, description, lambda _: None)
    archive.add_file(tmp_path / "registry.db")
    archive.finish()
    folder = tmp_path / "data"
    with reserved(folder, SAFEKEEPING_LOCK):
        reader = ArchiveReader(io.BytesIO(stream.getvalue()), VERSION, SECRETS)
        check_known(reader.description)
        restore(reader, folder, lambda _: None)
    return folder


def test_an_older_registry_is_migrated(tmp_path: Path) -> None:
    folder = restored(tmp_path)
    assert schema_state(f"sqlite:///{folder}/registry.db").is_current
    with closing(sqlite3.connect(folder / "registry.db")) as connection:
        assert connection.execute("PRAGMA quick_check").fetchone() == ("ok",)


def test_restored_files_are_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what the migration has written."""
    synced, fsync = dict[str, int](), os.fsync

    def recorded(descriptor: int) -> None:
        fsync(descriptor)
        path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        synced[path.name] = path.stat().st_mtime_ns

    monkeypatch.setattr(os, "fsync", recorded)
    folder = restored(tmp_path)
    registry = folder / "registry.db"
    assert synced[registry.name] == registry.stat().st_mtime_ns
