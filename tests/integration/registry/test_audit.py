"""A change and its audit entry are one transaction."""

import asyncio
import multiprocessing
from collections.abc import Iterator
from contextlib import closing, contextmanager
from multiprocessing.connection import Connection as Pipe
from sqlite3 import connect
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from iotflow_server import errors
from iotflow_server.audit import AuditEntry
from iotflow_server.db import database as waits
from iotflow_server.db.database import Database
from iotflow_server.devices.device import DeviceChanges, NewDevice
from iotflow_server.errors import DomainError
from tests.integration.registry.audited_changes import ACTOR, ACTS, staged
from tests.integration.registry.parts import Clock, Parts, parts_of
from tests.support.transactions import committed_transactions

SENT_BEFORE_THE_KILL = 20

# A trigger adds a row for a missing device with each audit entry; its deferred foreign key makes the commit fail.
FAILING_COMMITS = {
    "sqlite": (
        "CREATE TABLE doubt (device INTEGER REFERENCES devices (id) DEFERRABLE INITIALLY DEFERRED)",
        "CREATE TRIGGER doubted AFTER INSERT ON audit BEGIN INSERT INTO doubt VALUES (-1); END",
    ),
    "postgresql": (
        "CREATE TABLE doubt (device INTEGER REFERENCES devices (id) DEFERRABLE INITIALLY DEFERRED)",
        "CREATE FUNCTION doubted() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN INSERT INTO doubt VALUES (-1); RETURN NEW; END $$",
        "CREATE TRIGGER doubted AFTER INSERT ON audit FOR EACH ROW EXECUTE FUNCTION doubted()",
    ),
}
UNDONE = ("DROP TRIGGER doubted{on}", "DROP TABLE doubt", "DROP FUNCTION IF EXISTS doubted()")


async def newest(parts: Parts) -> AuditEntry:
    [entry] = await parts.audit.page("", None, 1)
    return entry


@pytest.mark.parametrize("action", ACTS)
async def test_a_change_and_its_entry_are_one_transaction(parts: Parts, action: str) -> None:
    stage = await staged(parts)
    before = await stage.held()
    with committed_transactions() as transactions:
        await stage.act(action)
    after = await stage.held()
    assert len(transactions) == 1
    assert len(after["audit"]) == len(before["audit"]) + 1
    assert any(after[table] != before[table] for table in before if table != "audit")
    entry = await newest(parts)
    assert (entry.action, entry.timestamp) == (action, parts.clock.now)
    own = {"device.unregister", "device.rotate_key", "device.end_key_grace"}
    assert entry.actor == (f"device:{stage.key.id}" if action in own else ACTOR)


@pytest.mark.parametrize("action", ACTS)
async def test_a_failed_commit_stores_neither_the_change_nor_its_entry(parts: Parts, url: str, action: str) -> None:
    stage = await staged(parts)
    before = await stage.held()
    with failing_commits(url), pytest.raises((IntegrityError, DomainError)):
        await stage.act(action)
    assert await stage.held() == before
    await stage.act(action)
    assert (await newest(parts)).action == action


async def test_no_change_is_made_while_the_database_is_unavailable(parts: Parts, url: str) -> None:
    """Nor is a failed change made afterwards."""
    stage = await staged(parts)
    before = await stage.held()
    with locked(url):
        outcomes = await asyncio.gather(*map(stage.act, ACTS), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [errors.Unavailable] * len(ACTS)
    await parts.database.write(lambda connection: connection.execute(text("SELECT 1")))
    assert await stage.held() == before


async def test_a_call_that_changes_nothing_adds_no_entry(parts: Parts) -> None:
    stage = await staged(parts)
    device = stage.key.id
    command = await parts.commands.send(device, "blink", {}, None, "k", actor=ACTOR)
    await parts.commands.send_to_group("sensor", "blink", {}, None, "group", actor=ACTOR)
    await parts.commands.cancel(command.id, actor=ACTOR)
    await parts.desired.set(device, {"a": 1}, None, ACTOR)
    before = await stage.held()

    await parts.commands.send(device, "blink", {}, None, "k", actor=ACTOR)
    await parts.commands.send_to_group("sensor", "blink", {}, None, "group", actor=ACTOR)
    await parts.commands.cancel(command.id, actor=ACTOR)
    await parts.desired.patch(device, {"a": 1}, None, ACTOR)
    for refused in (
        parts.registry.register(NewDevice("thermometer"), actor=ACTOR),
        parts.registry.set_status(999, "active", actor=ACTOR),
        parts.registry.delete(999, actor=ACTOR),
        parts.keys.reset(999, Clock().now - Clock().now, actor=ACTOR),
        parts.commands.send(999, "blink", {}, None, "", actor=ACTOR),
        parts.commands.cancel(999, actor=ACTOR),
        parts.desired.set(device, {"a": 2}, 7, ACTOR),
        parts.tokens.create("dashboard", "viewer", None, actor=ACTOR),
        parts.tokens.revoke(999, actor=ACTOR),
    ):
        with pytest.raises(DomainError):
            await refused
    assert await stage.held() == before


async def test_reports_of_devices_about_themselves_are_not_audited(parts: Parts) -> None:
    stage = await staged(parts)
    before = (await stage.held())["audit"]
    await parts.registry.report(stage.key.id, DeviceChanges(location="roof", configuration_key=("a", 1)))
    assert (await stage.held())["audit"] == before
    assert (await parts.registry.get(stage.key.id)).location == "roof"


async def test_the_entry_names_the_change_and_its_target(parts: Parts) -> None:
    stage = await staged(parts)
    device = f"device:{stage.key.id}"
    wanted: dict[str, tuple[str, dict[str, Any]]] = {
        "device.update": (device, {"location": "roof"}),
        "device.reset_key": (device, {"grace_seconds": 60}),
        "config.set": (device, {"version": 1}),
        "config.patch": (device, {"version": 2}),
        "command.send_to_group": ("group:sensor", {"name": "blink", "commands": 1}),
        "token.create": ("token:new", {"role": "viewer"}),
        "token.revoke": ("token:dashboard", {}),
        "device.status": (device, {"old": "active", "new": "inactive"}),
        "device.delete": (device, {"name": "thermometer", "delete_telemetry": False}),
    }
    for action, (target, details) in wanted.items():
        await stage.act(action)
        entry = await newest(parts)
        assert (entry.action, entry.target, entry.details) == (action, target, details)


async def test_a_killed_process_leaves_the_change_and_its_entry_or_neither(url: str) -> None:
    database = Database(url)
    await database.start()
    parts = parts_of(database, Clock())
    device = await parts.make()
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    sender = multiprocessing.get_context("spawn").Process(target=send_commands, args=(url, device.id, theirs))
    sender.start()
    acknowledged = [ours.recv() for _ in range(SENT_BEFORE_THE_KILL)]
    sender.kill()
    sender.join()
    entries = await parts.audit.page(f"device:{device.id}", None, 10_000)
    recorded = {entry.details["command"] for entry in entries if entry.action == "command.send"}
    assert recorded == {command.id for command in await parts.commands.page(device.id, "", None, 10_000)}
    assert recorded >= set(acknowledged)
    await database.close()


def send_commands(url: str, device_id: int, sent: Pipe) -> None:
    """Send commands until the process is killed."""

    async def send() -> None:
        parts = parts_of(Database(url), Clock())
        while True:
            command = await parts.commands.send(device_id, "blink", {}, None, "", actor=ACTOR)
            sent.send(command.id)

    asyncio.run(send())


@contextmanager
def failing_commits(url: str) -> Iterator[None]:
    """Every transaction that adds an audit entry fails when it is committed."""
    kind = "sqlite" if url.startswith("sqlite") else "postgresql"
    on = "" if kind == "sqlite" else " ON audit"
    with closing(other(url)) as connection:
        for statement in FAILING_COMMITS[kind]:
            connection.execute(statement)
        connection.commit()
        try:
            yield
        finally:
            for statement in UNDONE[: 2 if kind == "sqlite" else 3]:
                connection.execute(statement.format(on=on))
            connection.commit()


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Lock the database against writes of others, which wait for a second at most."""
    with closing(other(url)) as connection, pytest.MonkeyPatch.context() as patch:
        patch.setattr(waits, "WRITE_PATIENCE", 1.0)
        connection.execute("BEGIN IMMEDIATE" if url.startswith("sqlite") else "LOCK TABLE audit IN EXCLUSIVE MODE")
        yield
        connection.rollback()


def other(url: str) -> Any:
    """A connection that does not belong to the registry."""
    return connect(url.removeprefix("sqlite:///")) if url.startswith("sqlite") else psycopg.connect(url)
