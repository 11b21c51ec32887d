"""The times when devices were last seen: in memory at once, in the database later."""

import asyncio
from datetime import timedelta

import pytest

from iotflow_server import errors
from iotflow_server.db.database import Database, Work
from iotflow_server.presence.last_seen import LastSeen
from tests.integration.registry.parts import Parts

SECOND = timedelta(seconds=1)


@pytest.fixture
def last_seen(parts: Parts) -> LastSeen:
    return LastSeen(parts.database, flush_interval=0.01, clock=parts.clock)


async def test_a_sighting_is_visible_at_once_and_written_later(parts: Parts, last_seen: LastSeen) -> None:
    device = await parts.make()
    assert last_seen.last_seen(device) is None

    last_seen.record(device.id)
    assert last_seen.last_seen(device) == parts.clock.now
    assert (await parts.registry.get(device.id)).last_seen is None

    await last_seen.flush()
    written = await parts.registry.get(device.id)
    assert written.last_seen == parts.clock.now
    assert written.updated_at == device.updated_at
    assert last_seen.last_seen(device) == parts.clock.now


async def test_the_newer_time_of_memory_and_database_counts(parts: Parts, last_seen: LastSeen) -> None:
    device = await parts.make()
    now = parts.clock.now
    last_seen.record(device.id, now)
    last_seen.record(device.id, now - SECOND)
    assert last_seen.last_seen(device) == now

    other = LastSeen(parts.database, clock=parts.clock)
    other.record(device.id, now + SECOND)
    await other.flush()
    await last_seen.flush()

    written = await parts.registry.get(device.id)
    assert written.last_seen == now + SECOND
    assert last_seen.last_seen(written) == now + SECOND


async def test_all_sightings_are_one_write(parts: Parts, last_seen: LastSeen, monkeypatch: pytest.MonkeyPatch) -> None:
    devices = [await parts.make(f"d{number}") for number in range(20)]
    writes = count_writes(parts.database, monkeypatch)
    for device in devices * 3:
        last_seen.record(device.id, parts.clock.advance(seconds=1))

    await last_seen.flush()
    await last_seen.flush()

    assert len(writes) == 1
    assert {device.last_seen for device in await parts.registry.get_many([device.id for device in devices])} == {
        parts.clock.now - SECOND * ago for ago in range(20)
    }


async def test_a_deleted_device_does_not_affect_the_write(parts: Parts, last_seen: LastSeen) -> None:
    gone, kept = await parts.make("gone"), await parts.make("kept")
    last_seen.record(gone.id)
    last_seen.record(kept.id)
    await parts.registry.delete(gone.id, actor="token:me")
    await last_seen.flush()
    assert (await parts.registry.get(kept.id)).last_seen == parts.clock.now


async def test_written_sightings_are_evicted_to_bound_memory(
    parts: Parts, last_seen: LastSeen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("iotflow_server.presence.last_seen.MOST_REMEMBERED", 1)
    one, two = await parts.make("one"), await parts.make("two")
    for device in (one, two):
        last_seen.record(device.id)
    assert last_seen.last_seen(one) == parts.clock.now

    await last_seen.flush()

    assert last_seen.last_seen(one) is None
    assert last_seen.last_seen(await parts.registry.get(one.id)) == parts.clock.now


async def test_sightings_are_written_periodically(parts: Parts, last_seen: LastSeen) -> None:
    device = await parts.make()
    await last_seen.start()
    last_seen.record(device.id)
    async with asyncio.timeout(10):
        while (await parts.registry.get(device.id)).last_seen is None:
            pass
    await last_seen.close()


async def test_closing_writes_the_remaining_sightings(parts: Parts) -> None:
    device = await parts.make()
    last_seen = LastSeen(parts.database, flush_interval=3600, clock=parts.clock)
    await last_seen.start()
    last_seen.record(device.id)
    await last_seen.close()
    assert (await parts.registry.get(device.id)).last_seen == parts.clock.now


async def test_a_failed_write_is_retried(parts: Parts, last_seen: LastSeen, monkeypatch: pytest.MonkeyPatch) -> None:
    device = await parts.make()
    failures = fail_writes(parts.database, monkeypatch, times=3)
    await last_seen.start()
    last_seen.record(device.id)
    async with asyncio.timeout(10):
        while (await parts.registry.get(device.id)).last_seen is None:
            pass
    await last_seen.close()
    assert failures == []


def count_writes(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[Work[None]]:
    writes: list[Work[None]] = []
    write = database.write

    async def counted(work: Work[None]) -> None:
        writes.append(work)
        await write(work)

    monkeypatch.setattr(database, "write", counted)
    return writes


def fail_writes(database: Database, monkeypatch: pytest.MonkeyPatch, times: int) -> list[Exception]:
    failures: list[Exception] = [errors.Unavailable("REGISTRY_UNAVAILABLE", "away")] * times
    write = database.write

    async def failing(work: Work[None]) -> None:
        if failures:
            raise failures.pop()
        await write(work)

    monkeypatch.setattr(database, "write", failing)
    return failures
