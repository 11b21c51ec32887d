"""Makes a backup while the service runs.

The order keeps every acknowledged reading and its device. First comes the stamp. Then the readings are held as they are: a
snapshot of SQLite's file, or the open segments of the journals. The registry is held after them, so that it has the device of
each reading. IoTDB is read last: a reading that is not in the held journals had reached its disk before.
"""

import asyncio
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, select

from iotflow_cli.output.failures import CommandError
from iotflow_cli.safekeeping.archive_format import REGISTRY, REJECTIONS, TELEMETRY, Description
from iotflow_cli.safekeeping.archive_writer import ArchiveWriter
from iotflow_cli.safekeeping.records import RecordNumbers, readings_of, tail_of
from iotflow_cli.safekeeping.sources import Sources
from iotflow_cli.safekeeping.sqlite_snapshot import check, opened_snapshot
from iotflow_cli.safekeeping.target import Target
from iotflow_server import VERSION
from iotflow_server.db.database import Database
from iotflow_server.db.migration import schema_state
from iotflow_server.db.models import DeviceRow
from iotflow_server.telemetry.journal.copying import JournalTail, opened_tail
from iotflow_server.telemetry.stores.choice import address_of
from iotflow_server.telemetry.stores.iotdb import IotdbStore

Advance = Callable[[int], None]


def back_up(sources: Sources, target: Target, advance: Advance, *, without_iotdb: bool) -> Description:
    """Write a backup to the target. Raises CommandError, Unavailable, OSError, sqlite3.Error."""
    stamp = datetime.now(UTC).isoformat()
    with _held_journals(sources) as tail:
        files = _copied_databases(sources, target.work)
        registry = target.work / REGISTRY
        description = Description(
            version=VERSION,
            stamp=stamp,
            store=sources.store,
            revision=_revision(registry) if registry in files else "",
            left_out=sources.left_out(without_iotdb=without_iotdb),
        )
        with _archive(target, description, advance) as archive:
            for path in (*files, *sources.secrets):
                archive.add_file(path)
            if tail is not None:
                _add_records(archive, sources, tail, registry, without_iotdb=without_iotdb)
    return description


@contextmanager
def _held_journals(sources: Sources) -> Iterator[JournalTail | None]:
    if not sources.iotdb:
        yield None
        return
    with opened_tail(sources.journal) as tail:
        yield tail


@contextmanager
def _archive(target: Target, description: Description, advance: Advance) -> Iterator[ArchiveWriter]:
    archive = ArchiveWriter(target.stream, description, advance)
    try:
        yield archive
        archive.finish()
    except BaseException:
        archive.abandon()
        raise


def _copied_databases(sources: Sources, work: Path) -> list[Path]:
    """Copies of the files as they are at one moment: all of them are held before the first is copied."""
    paths = {} if sources.iotdb else {TELEMETRY: sources.telemetry}
    if sources.registry:
        paths[REGISTRY] = sources.registry
    with ExitStack() as stack:
        held = {name: stack.enter_context(opened_snapshot(path)) for name, path in paths.items()}
        _check_room(sum(snapshot.bytes for snapshot in held.values()), work)
        for name, snapshot in held.items():
            snapshot.copy(work / name)
    for name in paths:
        check(work / name, name)
    return [work / name for name in paths]


def _revision(registry: Path) -> str:
    return schema_state(f"sqlite:///{registry}").current or ""


def _check_room(needed: int, work: Path) -> None:
    free = shutil.disk_usage(work).free
    if needed > free:
        raise CommandError(
            f"The disk of {work.parent} is too full: copies of the databases need {needed:,} bytes, and {free:,} are free.",
            reason="DISK_FULL",
        )


def _add_records(
    archive: ArchiveWriter, sources: Sources, tail: JournalTail, registry: Path, *, without_iotdb: bool
) -> None:
    numbers, names = RecordNumbers(), (f"journal/{number:08}" for number in range(1, 100_000_000))
    if not without_iotdb:
        asyncio.run(_add_readings(archive, sources, registry, numbers, names))
    acknowledged: list[int] = []
    for records, known in tail_of(tail, numbers):
        archive.add_bytes(next(names), records)
        acknowledged += known
    if acknowledged:
        archive.add_bytes(REJECTIONS, b"".join(number.to_bytes(8, "little") for number in acknowledged))


async def _add_readings(
    archive: ArchiveWriter, sources: Sources, registry: Path, numbers: RecordNumbers, names: Iterator[str]
) -> None:
    url = f"sqlite:///{registry}" if sources.registry else sources.settings.registry_url
    device_ids = await _device_ids(url)
    store = IotdbStore(address_of(sources.iotdb))
    await store.start()
    try:
        async for records in readings_of(store, device_ids, numbers):
            archive.add_bytes(next(names), records)
    finally:
        await store.close()


async def _device_ids(url: str) -> Sequence[int]:
    def ids(connection: Connection) -> Sequence[int]:
        return connection.execute(select(DeviceRow.id).order_by(DeviceRow.id)).scalars().all()

    database = Database(url)
    try:
        return await database.read(ids)
    finally:
        await database.close()
