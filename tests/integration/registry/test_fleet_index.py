"""The index of a large fleet finds and counts the same devices as the database."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product
from uuid import uuid4

import pytest
from sqlalchemy import delete, insert, update

from iotflow_server.auth.credentials import KeyHasher
from iotflow_server.db.database import Database
from iotflow_server.db.models import DeviceRow
from iotflow_server.devices.device import Device, DeviceChanges, DeviceFilter, NewDevice
from iotflow_server.devices.index.kept_index import CHECK_SECONDS, KeptIndex
from iotflow_server.devices.index.segment import SIZE
from iotflow_server.devices.registry import Registry
from iotflow_server.devices.statistics import DeviceStatistics
from iotflow_server.errors import Unavailable
from tests.integration.registry.parts import SECRET, Clock, Parts
from tests.integration.registry.test_audit import locked

ACTOR = "token:me"
TYPES, STATUSES = ("pump", "lamp", "none such"), ("active", "inactive", "maintenance", "error")
PARTS_OF_NAMES = ("", "1", "raum", "ß", "none such", "%", "_")
EVERY_FILTER = [DeviceFilter(*parts) for parts in product(("", *STATUSES), ("", *TYPES), PARTS_OF_NAMES)]
# Every value alone, and some together.
SOME_FILTERS = [
    DeviceFilter(),
    *(DeviceFilter(status=status) for status in STATUSES),
    *(DeviceFilter(device_type=kind) for kind in TYPES),
    *(DeviceFilter(name=name) for name in PARTS_OF_NAMES[1:]),
    *(DeviceFilter(*parts) for parts in zip(STATUSES, ("pump", "lamp") * 2, ("1", "raum") * 2, strict=True)),
    *(DeviceFilter(status=status, device_type="pump") for status in STATUSES[:2]),
    *(DeviceFilter(device_type=kind, name="ß") for kind in TYPES),
]


@dataclass
class Indexed:
    """A registry with an index, and the same without."""

    registry: Registry
    figures: DeviceStatistics
    index: KeptIndex
    plain: Parts
    online: set[int] = field(default_factory=set)

    def set_online(self, device: Device, *, online: bool) -> None:
        (self.online.add if online else self.online.discard)(device.id)
        self.index.mark_online(device.id, online, self.plain.clock.now)


@pytest.fixture
async def indexed(database: Database, clock: Clock, parts: Parts) -> AsyncIterator[Indexed]:
    online = set[int]()
    index = KeptIndex(database=database, online_ids=lambda: online, refresh=None, large=3)
    registry = Registry(database, KeyHasher(SECRET), clock=clock)
    registry.use_index(index)
    yield Indexed(registry, DeviceStatistics(database, clock, index), index, parts, online)
    await index.close()


async def fill(indexed: Indexed, count: int = 40) -> list[Device]:
    """Devices of all types and statuses."""
    made = []
    for number in range(count):
        device, _ = await indexed.registry.register(
            NewDevice(f"{'Straße' if number % 3 else 'Raum'} {number}", TYPES[number % 2]), actor=ACTOR
        )
        await indexed.registry.update(device.id, DeviceChanges(status=STATUSES[number % 4]), actor=ACTOR)
        made.append(device)
    return made


async def check_equal(indexed: Indexed, filters: Iterable[DeviceFilter] = SOME_FILTERS) -> None:
    """Each filter, with pages of several sizes, gives what the database gives, and so do the counts."""
    assert indexed.registry.is_indexed
    for wanted in filters:
        for after, size in ((0, 3), (7, 100), (10**9, 5)):
            assert await indexed.registry.page(wanted, after, size) == await indexed.plain.registry.page(
                wanted, after, size
            ), (wanted, after, size)
    for start, size in ((0, 5), (3, 1), (7, 1_000), (10**6, 3), (0, 0)):
        assert await indexed.registry.slice(start, size) == await indexed.plain.registry.slice(start, size)
    assert await indexed.registry.total() == await indexed.plain.registry.total()
    assert await indexed.figures.by_status() == await indexed.plain.figures.by_status()
    for column in ("device_type", "status", "location"):
        assert await indexed.figures.grouped(column) == await indexed.plain.figures.grouped(column)


async def test_a_small_fleet_has_no_index(indexed: Indexed) -> None:
    await fill(indexed, 2)
    await indexed.index.load()
    assert not indexed.registry.is_indexed
    assert await indexed.index.by_status() is None
    assert (await indexed.registry.page(DeviceFilter(), 0, 9))[0] == 2
    await fill_more(indexed)
    await indexed.index.load()
    assert indexed.registry.is_indexed


async def fill_more(indexed: Indexed) -> None:
    await indexed.registry.register(NewDevice("third"), actor=ACTOR)


async def test_every_filter_finds_the_same_devices(indexed: Indexed) -> None:
    await fill(indexed)
    await indexed.index.load()
    await check_equal(indexed, EVERY_FILTER)


async def test_changes_of_this_process_are_visible_at_once(indexed: Indexed) -> None:
    devices = await fill(indexed)
    await indexed.index.load()
    registry = indexed.registry
    await registry.update(devices[1].id, DeviceChanges(name="Raum neu", device_type="fan"), actor=ACTOR)
    await registry.set_status(devices[2].id, "error", actor=ACTOR)
    await registry.delete(devices[3].id, actor=ACTOR)
    await registry.delete(devices[-1].id, actor=ACTOR)
    new, _ = await registry.register(NewDevice("Raum 99", "fan"), actor=ACTOR)
    await check_equal(indexed)
    total, found = await registry.page(DeviceFilter(device_type="fan"), 0, 9)
    assert (total, [device.name for device in found]) == (2, ["Raum neu", "Raum 99"])
    await registry.delete(new.id, actor=ACTOR)
    await check_equal(indexed)


async def test_imported_devices_are_visible_at_once(indexed: Indexed) -> None:
    await fill(indexed, 5)
    await indexed.index.load()
    imports = indexed.plain.imports
    indexed.plain.registry.on_import(indexed.index.mark_imported)
    for batch in range(3):
        names = [(number, NewDevice(f"raum {batch} {number}", "pump")) for number in range(500)]
        await imports.open(ACTOR).register(str(uuid4()), names)
        await check_equal(indexed)


async def test_random_changes(indexed: Indexed) -> None:
    rng = random.Random(7)  # noqa: S311
    devices = {device.id: device for device in await fill(indexed, 10)}
    await indexed.index.load()
    for number in range(120):
        chosen = rng.choice([*devices])
        match rng.randrange(5):
            case 0:
                new, _ = await indexed.registry.register(NewDevice(f"raum {number}", rng.choice(TYPES)), actor=ACTOR)
                devices[new.id] = new
            case 1 if len(devices) > 5:
                await indexed.registry.delete(chosen, actor=ACTOR)
                del devices[chosen]
            case 2:
                await indexed.registry.set_status(chosen, rng.choice(STATUSES), actor=ACTOR)
            case _:
                changes = DeviceChanges(name=f"Name {number}", device_type=rng.choice(TYPES))
                await indexed.registry.update(chosen, changes, actor=ACTOR)
        wanted = DeviceFilter(rng.choice(("", *STATUSES)), rng.choice(("", *TYPES)), rng.choice(PARTS_OF_NAMES))
        assert await indexed.registry.page(wanted, 0, 8) == await indexed.plain.registry.page(wanted, 0, 8)
    await check_equal(indexed)


async def test_ids_far_apart(indexed: Indexed, database: Database) -> None:
    """Segments of the index are filled in any order, and the ids at their borders are found."""
    await fill(indexed, 4)
    row = await database.read(
        lambda connection: dict(connection.execute(DeviceRow.__table__.select()).mappings().first() or {})
    )
    ids = [5 * SIZE, 5 * SIZE - 1, SIZE, 2 * SIZE - 1, 2**31 - 1, 2**30]
    rows = [row | {"id": one, "name": f"raum {one}", "key_hash": str(one)} for one in ids]
    await database.write(lambda connection: connection.execute(insert(DeviceRow), rows))
    await indexed.index.load()
    await check_equal(indexed)
    for after in (*ids, *(one - 1 for one in ids)):
        assert await indexed.registry.page(DeviceFilter(), after, 2) == await indexed.plain.registry.page(
            DeviceFilter(), after, 2
        )


async def test_online_devices(indexed: Indexed) -> None:
    devices = await fill(indexed, 12)
    indexed.online.update(device.id for device in devices[:4])
    await indexed.index.load()
    since = indexed.plain.clock.now - timedelta(minutes=1)

    async def found(*, online: bool) -> list[int]:
        wanted = DeviceFilter(online_since=since) if online else DeviceFilter(offline_since=since)
        total, page = await indexed.registry.page(wanted, 0, 100)
        assert total == len(page)
        return [device.id for device in page]

    async def check() -> None:
        assert await found(online=True) == sorted(indexed.online)
        assert await found(online=False) == [one.id for one in devices if one.id not in indexed.online]
        assert await indexed.figures.online(since) == len(indexed.online)

    await check()
    indexed.set_online(devices[0], online=False)
    indexed.set_online(devices[7], online=True)
    await check()
    removed = devices.pop(7)
    await indexed.registry.delete(removed.id, actor=ACTOR)
    indexed.online.discard(removed.id)
    await check()


async def test_changes_of_other_processes_are_found_by_their_rows(indexed: Indexed, database: Database) -> None:
    devices = await fill(indexed)
    await indexed.index.load()
    await database.write(lambda connection: connection.execute(delete(DeviceRow).where(DeviceRow.id == devices[0].id)))
    await database.write(
        lambda connection: connection.execute(
            update(DeviceRow).where(DeviceRow.id == devices[4].id).values(status="error")
        )
    )
    for status in STATUSES:
        _, page = await indexed.registry.page(DeviceFilter(status=status), 0, 100)
        assert {device.status for device in page} == {status}
        assert devices[0].id not in {device.id for device in page}
    await indexed.index.load()
    await check_equal(indexed)


async def test_changes_during_the_reading_are_kept(indexed: Indexed) -> None:
    devices = await fill(indexed, 10)
    loading = asyncio.create_task(indexed.index.load())
    for device in devices:
        await indexed.registry.update(device.id, DeviceChanges(device_type="fan"), actor=ACTOR)
    await loading
    await check_equal(indexed)


async def test_an_unavailable_database_loses_no_change(indexed: Indexed, url: str, database: Database) -> None:
    devices = await fill(indexed, 10)
    await indexed.index.load()
    with locked(url), suppress(Unavailable):
        await indexed.registry.set_status(devices[0].id, "error", actor=ACTOR)
    await indexed.registry.set_status(devices[0].id, "error", actor=ACTOR)
    await database.check()
    await check_equal(indexed)


async def test_a_kept_index_follows_the_fleet(indexed: Indexed) -> None:
    await fill(indexed, 5)
    await indexed.index.start()
    async with asyncio.timeout(2 * CHECK_SECONDS):
        while not indexed.registry.is_indexed:  # noqa: ASYNC110
            await asyncio.sleep(0)
    await check_equal(indexed)
    indexed.index.mark_all()
    await check_equal(indexed)
