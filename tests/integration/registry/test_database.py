"""Migrations, and the errors while the database is unavailable."""

import asyncio
import gc
import multiprocessing
from contextlib import closing
from functools import partial
from pathlib import Path
from sqlite3 import connect
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from iotflow_server import errors
from iotflow_server.db import database as waits
from iotflow_server.db import engines
from iotflow_server.db.database import Database
from iotflow_server.db.migration import migrate
from iotflow_server.db.models import Base
from iotflow_server.devices.device import DeviceChanges, NewDevice
from tests.integration.registry.parts import Clock, Parts, parts_of
from tests.support.postgres import postgres_server

# Longest wait of a caller while the database hangs, in seconds: the shortened time limits, with a margin for a loaded machine.
LET_GO = 10.0


@pytest.fixture
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorter time limits in the order of the service: first a read times out, then the wait for SQLite's lock, then a write."""
    for module, name, seconds in (
        (waits, "READ_PATIENCE", 0.8),
        (engines, "POOL_PATIENCE", 0.6),
        (engines, "SQLITE_PATIENCE", 1.0),
        (waits, "WRITE_PATIENCE", 1.4),
        (engines, "STATEMENT_PATIENCE_MS", 1_400),
    ):
        monkeypatch.setattr(module, name, seconds)


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, Base.metadata))


async def test_migrations_create_the_schema_of_the_models(empty_url: str) -> None:
    database = Database(empty_url)
    await database.start()
    assert await database.read(differences) == []
    await database.close()


async def test_a_second_migration_changes_nothing(empty_url: str) -> None:
    database = Database(empty_url)
    await database.start()
    parts = parts_of(database, Clock())
    device = await parts.make()
    migrate(empty_url)
    migrate(empty_url)
    assert await parts.registry.get(device.id) == device
    await database.close()


async def test_commands_and_audit_entries_have_numbers_beyond_32_bits(parts: Parts) -> None:
    most = 2**31 - 1
    device = await parts.make()
    await parts.commands.send(device.id, "first", {}, None, "", actor="token:me")
    for table in ("commands", "audit"):
        await parts.database.write(partial(set_last_number, table, most))
    command = await parts.commands.send(device.id, "beyond", {}, None, "", actor="token:me")
    assert command.id == most + 1
    assert (await parts.commands.get(command.id)).name == "beyond"
    assert [entry.id for entry in await parts.audit.page("", None, 1)] == [most + 1]


def set_last_number(table: str, number: int, connection: Connection) -> None:
    """The next row of the table gets the next number."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT setval('{table}_id_seq', {number})"))
    else:
        connection.execute(text(f"UPDATE sqlite_sequence SET seq = {number} WHERE name = '{table}'"))


def test_processes_may_start_simultaneously(empty_url: str) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as processes:
        processes.map(migrate, [empty_url] * 8, chunksize=1)


async def test_the_short_url_scheme_is_accepted(empty_url: str) -> None:
    database = Database(empty_url.replace("postgresql://", "postgres://"))
    await database.start()
    await database.check()
    await database.close()


@pytest.mark.parametrize("wrong", ["sqlite://", "sqlite:///:memory:", "mysql://host/name"])
def test_urls_of_other_databases_are_rejected(wrong: str) -> None:
    with pytest.raises(ValueError, match="sqlite:///<path> or postgresql://"):
        Database(wrong)


async def test_text_that_cannot_be_stored_is_rejected_or_stored_unchanged(parts: Parts) -> None:
    try:
        device, _ = await parts.registry.register(NewDevice("d", location="a\0b"), actor="token:me")
    except errors.InvalidArgument:
        assert await parts.registry.total() == 0
    else:
        assert (await parts.registry.get(device.id)).location == "a\0b"


async def test_a_transaction_that_fails_after_its_caller_was_cancelled_is_rolled_back_silently(parts: Parts) -> None:
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


async def test_a_failed_transaction_changes_nothing(parts: Parts) -> None:
    def work(connection: Connection) -> None:
        connection.execute(text("DELETE FROM devices"))
        raise errors.FailedPrecondition("CHANGED_MY_MIND", "no")

    device = await parts.make()
    with pytest.raises(errors.FailedPrecondition):
        await parts.database.write(work)
    assert await parts.registry.get(device.id) == device


async def test_sqlite_is_durable_and_checks_references(tmp_path: Path) -> None:
    def pragmas(connection: Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        return [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]

    database = Database(f"sqlite:///{tmp_path}/new folder/registry.db")
    await database.start()
    full = 2
    assert await database.write(pragmas) == ["wal", full, 1, 5000]
    assert await database.read(pragmas) == ["wal", full, 1, 5000]
    await database.close()


async def test_the_error_of_a_damaged_registry_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    database = Database(f"sqlite:///{path}")
    await database.start()
    await database.close()
    content = bytearray(path.read_bytes())
    for start in range(2 * 4096, len(content), 4096):
        content[start : start + 400] = bytes(byte ^ 0xFF for byte in content[start : start + 400])
    path.write_bytes(content)
    database = Database(f"sqlite:///{path}")
    with pytest.raises(errors.Unavailable) as refusal:
        await database.start()
    assert refusal.value.reason == "REGISTRY_DAMAGED"
    assert "registry.db in the data folder is damaged" in refusal.value.message
    await database.close()


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


async def test_writes_wait_for_another_process_that_writes_to_sqlite(tmp_path: Path) -> None:
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


async def test_the_registry_reconnects_to_a_restarted_postgres() -> None:
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

        # No call was made in the meantime; the broken connections are not used.
        server.stop()
        server.start()
        await database.check()
        await parts.make("third")
        await database.close()


@pytest.mark.usefixtures("_short_waits")
async def test_calls_time_out_while_postgres_hangs() -> None:
    """Reads and writes over existing and over new connections, regardless of the number of waiting calls."""
    with postgres_server() as server:
        database = Database(server.create_database())
        await database.start()
        parts = parts_of(database, Clock())
        device = await parts.make()
        with server.paused():
            calls = [parts.registry.get(device.id), *(parts.keys.find(f"unknown {n}") for n in range(40))]
            async with asyncio.timeout(LET_GO):
                answers = await asyncio.gather(
                    parts.make("while it hangs"), *calls, database.check(), return_exceptions=True
                )
        for answer in answers:
            assert isinstance(answer, errors.Unavailable), answer
            assert_says_nothing_of_the_driver(answer)
        assert await parts.registry.get(device.id) == device
        assert (await parts.make("afterwards")).id > device.id
        await database.close()


@pytest.mark.usefixtures("_short_waits")
async def test_calls_time_out_while_another_process_holds_a_lock(url: str) -> None:
    """Row locks of PostgreSQL, or the lock of the SQLite file. A write that timed out is not carried out later."""
    database = Database(url)
    await database.start()
    parts = parts_of(database, Clock())
    device = await parts.make()
    with closing(locking(url)) as other:
        change = parts.registry.update(device.id, DeviceChanges(location="elsewhere"), actor="token:me")
        with pytest.raises(errors.Unavailable):
            await asyncio.wait_for(change, LET_GO)
        assert await parts.registry.total() == 1, "reads continue"
        other.rollback()
    await parts.make("afterwards")
    assert await parts.registry.get(device.id) == device
    await database.close()


@pytest.mark.usefixtures("_short_waits")
@pytest.mark.parametrize("work", ["read", "write"])
async def test_a_statement_ends_soon_after_the_time_of_its_caller(url: str, work: str) -> None:
    """It would occupy a thread, of which there are few: SQLite has one for all writes."""

    def endless(connection: Connection) -> None:
        connection.execute(text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"))

    database = Database(url)
    await database.start()
    parts = parts_of(database, Clock())
    method = database.write if work == "write" else database.read
    outcomes = await asyncio.gather(*(method(endless) for _ in range(waits.READERS)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {errors.Unavailable}
    device = await parts.make("afterwards")
    assert await parts.registry.get(device.id) == device
    await database.close()


@pytest.mark.usefixtures("_short_waits")
async def test_writes_that_timed_out_behind_a_lock_are_not_carried_out_later(url: str) -> None:
    database = Database(url)
    await database.start()
    parts = parts_of(database, Clock())
    device = await parts.make()
    with closing(locking(url)) as other:
        changes = [parts.registry.report(device.id, DeviceChanges(location=f"place {n}")) for n in range(8)]
        outcomes = await asyncio.gather(*changes, return_exceptions=True)
        other.rollback()
    assert {type(outcome) for outcome in outcomes} == {errors.Unavailable}
    await parts.make("afterwards")
    assert await parts.registry.get(device.id) == device
    await database.close()


def locking(url: str) -> Any:
    """Another connection with an open transaction that changes all devices."""
    path = url.removeprefix("sqlite:///")
    other: Any = psycopg.connect(url) if path == url else connect(path)
    other.execute("UPDATE devices SET location = 'locked'")
    return other


def assert_says_nothing_of_the_driver(refusal: errors.Unavailable) -> None:
    assert refusal.reason == "REGISTRY_UNAVAILABLE"
    assert refusal.message == "The device registry is unavailable; try again later."
    assert refusal.retry_after == 1.0
