"""Restores a backup: everything is read, checked and migrated beside the present content, and then exchanged with it."""

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from iotflow_cli.safekeeping.archive_format import IOTDB, RECORDS, REGISTRY, REJECTIONS, Description, UnusableBackup
from iotflow_cli.safekeeping.archive_reader import ArchivePart, ArchiveReader
from iotflow_cli.safekeeping.sqlite_snapshot import check
from iotflow_server import content_exchange
from iotflow_server.db.engines import writing_engine
from iotflow_server.db.migration import knows, migrate
from iotflow_server.db.models import ServerRow
from iotflow_server.telemetry.journal.copying import NewJournal

Advance = Callable[[int], None]
_NUMBER_BYTES = 8


def check_known(description: Description) -> None:
    """Raise UnusableBackup for a registry of a newer version."""
    if description.revision and not knows(description.revision):
        raise UnusableBackup(
            f"The registry of the backup has the schema {description.revision} of IoTFlow {description.version}, which this "
            "version does not know. Restore it with that version or a later one.",
            "BACKUP_NEWER",
        )


def restore(archive: ArchiveReader, data_dir: Path, advance: Advance) -> Path | None:
    """Put the content of the backup in place of that of the folder; the folder for the earlier content, None: there was none.
    The caller holds the locks of the folder. Raises CommandError, OSError; nothing is changed then."""
    new = content_exchange.prepared(data_dir)
    try:
        _extract(archive, new, advance)
        archive.verify()
        _check_databases(new)
        _sync_files(new)
    except BaseException:
        content_exchange.discard(data_dir)
        raise
    aside = aside_name(data_dir) if content_exchange.has_content(data_dir) else ""
    content_exchange.exchange(data_dir, aside or aside_name(data_dir))
    return data_dir / aside if aside else None


def aside_name(data_dir: Path) -> str:
    """A new name for the folder of the earlier content."""
    name = f"replaced-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    numbers = range(2, 1_000_000)
    return next(each for each in (name, *(f"{name}-{n}" for n in numbers)) if not (data_dir / each).exists())


def _extract(archive: ArchiveReader, new: Path, advance: Advance) -> None:
    journal: NewJournal | None = None
    try:
        if archive.description.store == IOTDB:
            # Its readings are replayed from there by the next start.
            journal = NewJournal(new / "journal")
        for part in archive.parts():
            if journal and (RECORDS.fullmatch(part.name) or part.name == REJECTIONS):
                _to_journal(part, journal, advance)
            else:
                _to_file(part, new / Path(part.name).name, advance)
    finally:
        if journal:
            journal.close()


def _to_journal(part: ArchivePart, journal: NewJournal, advance: Advance) -> None:
    content = b"".join(part.blocks())
    if part.name == REJECTIONS:
        for start in range(0, len(content), _NUMBER_BYTES):
            journal.acknowledge_rejections(int.from_bytes(content[start : start + _NUMBER_BYTES], "little"))
    else:
        journal.append(content)
    advance(len(content))


def _to_file(part: ArchivePart, path: Path, advance: Advance) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for block in part.blocks():
            file.write(block)
            advance(len(block))


def _check_databases(new: Path) -> None:
    for path in new.glob("*.db"):
        check(path, path.name)
    if (new / REGISTRY).exists():
        url = f"sqlite:///{new / REGISTRY}"
        migrate(url)
        _forget_servers(url)


def _forget_servers(url: str) -> None:
    """The restored server is another one than that of the backup, which may still run, and its registry has no other."""
    engine = writing_engine(url)
    try:
        with engine.begin() as connection:
            connection.execute(ServerRow.__table__.delete())  # type: ignore[attr-defined]
    finally:
        engine.dispose()


def _sync_files(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())


def reset(data_dir: Path) -> None:
    """Remove the content of the folder. The caller holds the locks of the folder."""
    aside = aside_name(data_dir)
    content_exchange.prepared(data_dir)
    content_exchange.exchange(data_dir, aside)
    shutil.rmtree(data_dir / aside)
