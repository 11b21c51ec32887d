"""Migrations, and what happens when the database is away."""

import asyncio
import gc
import multiprocessing
from contextlib import closing
from pathlib import Path
from sqlite3 import connect

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from iotflow_server import errors
from iotflow_server.devices.database import Database
from iotflow_server.devices.device import NewDevice
from iotflow_server.devices.migration import migrate
from iotflow_server.devices.models import Base
from tests.integration.registry.parts import Clock, Parts, parts_of
from tests.postgres import postgres_server


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, Base.metadata))


async def test_migrations_make_what_the_models_say(parts: Parts) -> None:
    assert await parts.database.read(differences) == []


async def test_migrating_again_changes_nothing(parts: Parts, url: str) -> None:
    device = await parts.make()
    migrate(url)
    migrate(url)
    assert await parts.registry.get(device.id) == device


def test_processes_may_start_at_once(url: str) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as processes:
        processes.map(migrate, [url] * 8, chunksize=1)


async def test_the_scheme_may_be_written_short(url: str) -> None:
    database = Database(url.replace("postgresql://", "postgres://"))
    await database.start()
    await database.check()
    await database.close()


@pytest.mark.parametrize("wrong", ["sqlite://", "sqlite:///:memory:", "mysql://host/name"])
def test_other_databases_are_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="sqlite:///<path> or postgresql://"):
        Database(wrong)


async def test_text_that_cannot_be_stored_is_refused_or_kept_whole(parts: Parts) -> None:
    try:
        device, _ = await parts.registry.register(NewDevice("d", location="a\0b"))
    except errors.InvalidArgument:
        assert await parts.registry.total() == 0
    else:
        assert (await parts.registry.get(device.id)).location == "a\0b"


async def test_work_that_fails_after_its_caller_has_gone_is_undone_in_silence(parts: Parts) -> None:
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    def work(connection: Connection) -> None:
        connection.execute(text("DELETE FROM devices"))
        loop.call_soon_threadsafe(begun.set)
        raise errors.FailedPrecondition("CHANGED_MY_MIND", "no")

    await parts.make()
    complaints: list[object] = []
    loop.set_exception_handler(lambda _, context: complaints.append(context))
    gone = asyncio.create_task(parts.database.write(work))
    await begun.wait()
    gone.cancel()
    with pytest.raises((asyncio.CancelledError, errors.FailedPrecondition)):
        await gone
    del gone
    gc.collect()
    assert complaints == []
    assert await parts.registry.total() == 1


async def test_work_that_fails_leaves_nothing(parts: Parts) -> None:
    def work(connection: Connection) -> None:
        connection.execute(text("DELETE FROM devices"))
        raise errors.FailedPrecondition("CHANGED_MY_MIND", "no")

    device = await parts.make()
    with pytest.raises(errors.FailedPrecondition):
        await parts.database.write(work)
    assert await parts.registry.get(device.id) == device


def test_sqlite_is_durable_and_checks_references(tmp_path: Path, runner: asyncio.Runner) -> None:
    def pragmas(connection: Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        return [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]

    database = Database(f"sqlite:///{tmp_path}/new folder/registry.db")
    runner.run(database.start())
    full = 2
    assert runner.run(database.write(pragmas)) == ["wal", full, 1, 5000]
    assert runner.run(database.read(pragmas)) == ["wal", full, 1, 5000]
    runner.run(database.close())


async def test_sqlite_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "registry.db").mkdir()
    database = Database(f"sqlite:///{tmp_path}/registry.db")
    with pytest.raises(errors.Unavailable) as refusal:
        await database.start()
    assert_says_nothing_of_the_driver(refusal.value)
    await database.close()


async def test_sqlite_that_is_damaged_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    path.write_bytes(b"this is no database, whatever its name says" * 100)
    database = Database(f"sqlite:///{path}")
    with pytest.raises(errors.Unavailable):
        await database.start()
    await database.close()


async def test_sqlite_survives_another_process_that_writes(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/registry.db")
    await database.start()
    parts = parts_of(database, Clock())
    with closing(connect(tmp_path / "registry.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        registering = asyncio.create_task(parts.make())
        assert await parts.registry.total() == 0
        other.execute("COMMIT")
        await registering
    assert await parts.registry.total() == 1
    await database.close()


async def test_postgres_goes_away_and_comes_back() -> None:
    with postgres_server() as server:
        database = Database(server.create_database())
        await database.start()
        parts = parts_of(database, Clock())
        device = await parts.make()

        server.stop()
        for call in (parts.registry.get(device.id), parts.make("other"), database.check(), parts.registry.total()):
            with pytest.raises(errors.Unavailable) as refusal:
                await call
            assert_says_nothing_of_the_driver(refusal.value)

        server.start()
        assert await parts.registry.get(device.id) == device
        assert (await parts.make("other")).id > device.id

        # Nobody asked while it was away: what was connected before is not used.
        server.stop()
        server.start()
        await database.check()
        await parts.make("third")
        await database.close()


def assert_says_nothing_of_the_driver(refusal: errors.Unavailable) -> None:
    assert refusal.reason == "REGISTRY_UNAVAILABLE"
    assert refusal.message == "The device registry is away; try again."
    assert refusal.retry_after == 1.0
