"""Online devices: memory and database use one rule, and each change is published once."""

import asyncio
import itertools
from datetime import timedelta

import pytest

from iotflow_server.devices.device import DeviceChanges, DeviceFilter
from iotflow_server.presence.last_seen import LastSeen, SessionReport
from iotflow_server.presence.online import Online
from tests.integration.registry.parts import Parts

WINDOW, SECOND = timedelta(minutes=5), timedelta(seconds=1)


class Known:
    """The presence state of one process."""

    def __init__(self, parts: Parts) -> None:
        self.last_seen = LastSeen(parts.database, clock=parts.clock)
        self.online = Online(
            database=parts.database, last_seen=self.last_seen, window=WINDOW, clock=parts.clock, shared=True
        )
        self.published: list[tuple[int, bool]] = []
        self.online.on_change(lambda device_id, online, _: self.published.append((device_id, online)))

    def take(self) -> list[tuple[int, bool]]:
        published, self.published = self.published, []
        return published


@pytest.fixture
def known(parts: Parts) -> Known:
    return Known(parts)


async def ids(parts: Parts, wanted: DeviceFilter) -> set[int]:
    _, page = await parts.registry.page(wanted, 0, 1_000)
    return {device.id for device in page}


# Seconds since the device was seen, and since its session was reported; None: never.
DAY = 86_400
AGES = (None, 0, 1, 2, 299, 300, 301, 1_000, DAY + 300, DAY + 301)


async def test_database_and_memory_use_one_rule(parts: Parts, known: Known) -> None:
    wanted = {}
    for seen, reported, is_online in itertools.product(AGES, AGES, (True, False)):
        device = await parts.make(f"{seen} {reported} {is_online}")
        now = parts.clock.now
        if seen is not None:
            known.last_seen.record(device.id, now - seen * SECOND)
        if reported is not None:
            await known.online.record([SessionReport(device.id, is_online, now - reported * SECOND)])
        wanted[device.id] = is_expected(seen, reported, is_online)
    await known.last_seen.flush()
    expected = {device_id for device_id, is_online in wanted.items() if is_online}
    since = known.online.since
    assert await ids(parts, DeviceFilter(online_since=since)) == expected
    assert await ids(parts, DeviceFilter(offline_since=since)) == set(wanted) - expected
    assert await parts.figures.online(since) == len(expected)
    afresh = Known(parts)
    for device in await parts.registry.get_many(list(wanted)):
        assert known.online.is_online(device) is afresh.online.is_online(device) is wanted[device.id], device.name
    await known.online.refresh()
    assert known.online.count == len(expected)


def is_expected(seen: int | None, reported: int | None, online: bool) -> bool:
    if reported is not None and online and min(reported, reported if seen is None else seen) <= DAY + 300:
        return True
    gone = reported is not None and seen is not None and reported <= seen
    return seen is not None and seen <= 300 and not gone


async def test_each_change_is_published_once(parts: Parts, known: Known) -> None:
    device = await parts.make()
    for _ in range(3):
        known.last_seen.record(device.id)
        parts.clock.advance(seconds=1)
    assert known.take() == [(device.id, True)]
    await known.online.record([SessionReport(device.id, False, parts.clock.now)])
    await known.online.record([SessionReport(device.id, False, parts.clock.now)])
    assert known.take() == [(device.id, False)]
    parts.clock.advance(seconds=1)
    known.last_seen.record(device.id)
    assert known.take() == [(device.id, True)]
    parts.clock.advance(minutes=6)
    await known.online.refresh()
    await known.online.refresh()
    assert known.take() == [(device.id, False)]


async def test_a_session_outlives_silence_and_a_restart(parts: Parts, known: Known) -> None:
    device, silent = await parts.make("a"), await parts.make("b")
    known.last_seen.record(silent.id)
    await known.online.record([SessionReport(device.id, True, parts.clock.now)])
    await known.last_seen.flush()
    parts.clock.advance(minutes=6)
    again = Known(parts)
    await again.online.start()
    assert (again.online.count, again.take()) == (1, [])
    await again.online.record([SessionReport(device.id, False, parts.clock.now)])
    assert again.take() == [(device.id, False)]
    await again.online.close()


async def test_a_session_without_an_end_expires(parts: Parts, known: Known) -> None:
    """Broker and gateway were killed, and no report of the disconnection comes."""
    device, talkative = await parts.make("a"), await parts.make("b")
    await known.online.record([SessionReport(one.id, True, parts.clock.now) for one in (device, talkative)])
    parts.clock.advance(days=1, minutes=4)
    await known.online.refresh()
    assert known.online.count == 2
    known.last_seen.record(talkative.id)
    await known.last_seen.flush()
    known.take()
    parts.clock.advance(minutes=2)
    await known.online.refresh()
    assert known.take() == [(device.id, False)]
    for process in (known, Known(parts)):
        assert not process.online.is_online(await parts.registry.get(device.id))
        assert process.online.is_online(await parts.registry.get(talkative.id))


async def test_an_inactive_device_is_offline(parts: Parts, known: Known) -> None:
    device, removed = await parts.make("a"), await parts.make("b")
    parts.registry.on_gone(known.online.record_removed)
    await known.online.record([SessionReport(one.id, True, parts.clock.now) for one in (device, removed)])
    known.take()
    parts.clock.advance(seconds=1)
    await parts.registry.update(device.id, DeviceChanges(status="inactive"), actor="token:me")
    await parts.registry.delete(removed.id, actor="token:me")
    assert known.take() == [(device.id, False), (removed.id, False)]
    # A process that knows only the row agrees.
    assert not Known(parts).online.is_online(await parts.registry.get(device.id))
    await parts.registry.update(device.id, DeviceChanges(status="active"), actor="token:me")
    await known.online.refresh()
    assert (known.online.count, known.take()) == (0, [])


async def test_an_older_report_is_ignored(parts: Parts, known: Known) -> None:
    device = await parts.make()
    await known.online.record([SessionReport(device.id, True, parts.clock.now)])
    await known.online.record([SessionReport(device.id, False, parts.clock.now - SECOND)])
    assert known.online.is_online(await parts.registry.get(device.id))
    assert known.take() == [(device.id, True)]


async def test_unpublished_changes_of_another_process_are_found(parts: Parts, known: Known) -> None:
    other = Known(parts)
    device, gone = await parts.make("a"), await parts.make("b")
    await known.online.record([SessionReport(gone.id, True, parts.clock.now)])
    known.take()
    parts.clock.advance(seconds=1)
    await other.online.record(
        [SessionReport(device.id, True, parts.clock.now), SessionReport(gone.id, False, parts.clock.now)]
    )
    parts.clock.advance(seconds=1)
    await known.online.refresh()
    assert sorted(known.take()) == [(device.id, True), (gone.id, False)]


async def test_presence_is_scanned_periodically(parts: Parts) -> None:
    last_seen = LastSeen(parts.database)
    online = Online(database=parts.database, last_seen=last_seen, window=0.2 * SECOND)
    device = await parts.make()
    await online.start()
    last_seen.record(device.id)
    assert online.count == 1
    async with asyncio.timeout(10):
        while online.count:  # noqa: ASYNC110 - the count is not published
            await asyncio.sleep(0.01)
    await online.close()
