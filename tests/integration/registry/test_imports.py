"""Imports register many devices in one transaction, and can be repeated."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Connection, update

from iotflow_server.db.models import DeviceRow
from iotflow_server.devices.device import Device, DeviceFilter, NewDevice
from iotflow_server.devices.imports.batch import Outcome
from iotflow_server.devices.imports.imports import DeviceImport
from iotflow_server.errors import Unavailable
from iotflow_server.mqtt.accounts import Accounts, ChangedAccounts
from tests.integration.registry.parts import Parts
from tests.integration.registry.test_audit import locked
from tests.support.transactions import committed_transactions

ACTOR = "token:me"
LARGEST_BATCH = 1_000


@pytest.fixture
def uuid() -> str:
    return str(uuid4())


def opened(parts: Parts) -> DeviceImport:
    return parts.imports.open(ACTOR)


async def send(stream: DeviceImport, uuid: str, names: Sequence[str]) -> Outcome:
    return await stream.register(uuid, [(index, NewDevice(name)) for index, name in enumerate(names)])


async def named(parts: Parts, name: str) -> Device:
    device = await parts.registry.get_by_name(name)
    assert device is not None
    return device


def numbered(count: int, first: int = 0) -> list[str]:
    return [f"d{number}" for number in range(first, first + count)]


async def owner(parts: Parts, key: str) -> int | None:
    found = await parts.keys.find(key)
    return found.id if found else None


async def test_imported_devices_are_as_registered_ones(parts: Parts, uuid: str) -> None:
    new = NewDevice("Großer Saal", "pump", "a", "b", "c", "d")
    registered, _ = await parts.registry.register(new, actor=ACTOR)
    await parts.registry.delete(registered.id, actor=ACTOR)
    outcome = await opened(parts).register(uuid, [(3, new)])
    [imported] = outcome.imported
    assert imported.index == 3
    assert imported.device_id > registered.id, "an id is never used twice"
    device = await named(parts, new.name)
    assert device == Device(
        **{field: getattr(registered, field) for field in Device.__slots__ if field != "id"}, id=imported.device_id
    )
    assert await owner(parts, imported.key) == device.id
    assert (await parts.registry.page(DeviceFilter(name="GROSSER"), 0, 9))[0] == 1


async def test_a_batch_is_one_transaction_with_one_entry(parts: Parts, uuid: str) -> None:
    await parts.make("d1")
    with committed_transactions() as transactions:
        outcome = await send(opened(parts), uuid, numbered(LARGEST_BATCH))
    assert len(transactions) == 1
    assert len(outcome.imported) == 999
    [entry, *_] = await parts.audit.page("", None, 2)
    assert (entry.actor, entry.action, entry.target) == (ACTOR, "device.import", f"import:{uuid}")
    ids = [one.device_id for one in outcome.imported]
    assert entry.details == {
        "registered": 999,
        "keys_renewed": 0,
        "first_name": "d0",
        "last_name": "d999",
        "first_id": min(ids),
        "last_id": max(ids),
    }
    assert (outcome.first_id, outcome.last_id) == (min(ids), max(ids))


async def test_the_first_device_of_a_new_registry_has_the_first_id(parts: Parts, uuid: str) -> None:
    outcome = await send(opened(parts), uuid, numbered(3))
    assert [one.device_id for one in outcome.imported] == [1, 2, 3]


async def test_ids_continue_for_single_registrations(parts: Parts, uuid: str) -> None:
    outcome = await send(opened(parts), uuid, numbered(5))
    assert (await parts.make("after")).id > outcome.last_id
    assert (await send(opened(parts), uuid, ["again"])).first_id > outcome.last_id + 1


async def test_names_in_use_are_rejected_with_their_device(parts: Parts, uuid: str) -> None:
    taken = await parts.make("taken")
    outcome = await send(opened(parts), uuid, ["free", "taken", "free", "other"])
    assert [one.index for one in outcome.imported] == [0, 3]
    first, second = outcome.rejected
    assert (first.index, first.reason, first.device_id) == (1, "NAME_TAKEN", taken.id)
    assert (second.index, second.reason, second.device_id) == (2, "NAME_REPEATED", outcome.imported[0].device_id)
    assert "'taken'" in first.message
    assert "'free'" in second.message


async def test_a_name_is_repeated_in_a_later_batch_of_the_same_stream(parts: Parts, uuid: str) -> None:
    stream = opened(parts)
    made = await send(stream, uuid, ["one", "two"])
    again = await send(stream, uuid, ["two", "three"])
    assert [(one.reason, one.device_id) for one in again.rejected] == [("NAME_REPEATED", made.imported[1].device_id)]
    assert await owner(parts, made.imported[1].key) == made.imported[1].device_id
    renewing = opened(parts)
    await send(renewing, uuid, ["one"])
    assert [one.reason for one in (await send(renewing, uuid, ["one"])).rejected] == ["NAME_REPEATED"]


async def test_a_repeated_import_renews_the_keys_of_unused_devices(parts: Parts, uuid: str) -> None:
    first = await send(opened(parts), uuid, ["one", "two"])
    second = await send(opened(parts), uuid, ["one", "two", "three"])
    assert [one.device_id for one in second.imported[:2]] == [one.device_id for one in first.imported]
    assert second.renewed == [one.device_id for one in first.imported]
    assert await parts.registry.total() == 3
    [entry] = await parts.audit.page("", None, 1)
    assert (entry.details["registered"], entry.details["keys_renewed"]) == (1, 2)
    for old, new in zip(first.imported, second.imported[:2], strict=True):
        assert await owner(parts, old.key) == old.device_id, "valid until the first use of the new key"
        assert await owner(parts, new.key) == old.device_id
        parts.clock.advance(days=2)
        assert await owner(parts, old.key) is None


async def test_of_several_lost_keys_the_first_one_stays_valid(parts: Parts, uuid: str) -> None:
    keys = [(await send(opened(parts), uuid, ["one"])).imported[0].key for _ in range(4)]
    owners = [await owner(parts, key) for key in keys[:3]]
    assert [one is not None for one in owners] == [True, False, False]
    assert await owner(parts, keys[3]) == owners[0]


@pytest.mark.parametrize("use", ["in memory", "last seen", "session", "rotated"])
async def test_a_used_device_is_reported_as_existing(parts: Parts, uuid: str, use: str) -> None:
    [one] = (await send(opened(parts), uuid, ["one"])).imported
    match use:
        case "in memory":
            parts.used.add(one.device_id)
        case "last seen":
            await changed(parts, one.device_id, last_seen=parts.clock.now)
        case "session":
            await changed(parts, one.device_id, reported_at=parts.clock.now, reported_online=True)
        case "rotated":
            key = await parts.keys.find(one.key)
            assert key
            await owner(parts, (await parts.keys.rotate(key))[0])
    outcome = await send(opened(parts), uuid, ["one"])
    assert [(item.reason, item.device_id) for item in outcome.rejected] == [("NAME_TAKEN", one.device_id)]


async def changed(parts: Parts, device_id: int, **values: object) -> None:
    def work(connection: Connection) -> None:
        connection.execute(update(DeviceRow).where(DeviceRow.id == device_id).values(**values))

    await parts.database.write(work)


async def test_another_import_does_not_renew_keys(parts: Parts, uuid: str) -> None:
    [one] = (await send(opened(parts), uuid, ["one"])).imported
    outcome = await send(opened(parts), str(uuid4()), ["one"])
    assert [item.reason for item in outcome.rejected] == ["NAME_TAKEN"]
    assert await owner(parts, one.key) == one.device_id


async def test_imports_of_the_same_names_at_once_register_each_once(parts: Parts) -> None:
    names = numbered(300)
    streams = [(opened(parts), str(uuid4())) for _ in range(2)]
    singles = [asyncio.create_task(parts.make(name)) for name in names[::30]]
    outcomes = await asyncio.gather(*(send(stream, uuid, names) for stream, uuid in streams))
    made = {
        device.name for device in await asyncio.gather(*singles, return_exceptions=True) if isinstance(device, Device)
    }
    imported = [names[one.index] for outcome in outcomes for one in outcome.imported]
    assert sorted([*made, *imported]) == sorted(names)
    assert await parts.registry.total() == len(names)


async def test_a_failed_batch_registers_nothing_and_can_be_repeated(parts: Parts, uuid: str, url: str) -> None:
    stream = opened(parts)
    with locked(url), pytest.raises(Unavailable):
        await send(stream, uuid, ["one"])
    assert await parts.registry.total() == 0
    assert len((await send(stream, uuid, ["one"])).imported) == 1


async def test_a_batch_without_devices_has_no_effect(parts: Parts, uuid: str) -> None:
    assert await send(opened(parts), uuid, []) == Outcome()
    assert await parts.audit.page("", None, 1) == []


async def test_other_changes_wait_for_one_batch_at_most(parts: Parts) -> None:
    """A registration beside two endless imports is stored before each of them has stored two further batches.

    The batches are the largest, so that a batch takes longer than the threads of a loaded machine to take turns.
    """
    done: list[str] = []

    async def endless(name: str) -> None:
        stream, uuid = opened(parts), str(uuid4())
        for number in range(10):
            await send(stream, uuid, [f"{name} {one}" for one in numbered(LARGEST_BATCH, LARGEST_BATCH * number)])
            done.append(name)

    imports = [asyncio.create_task(endless(name)) for name in "ab"]
    waits: list[int] = []
    while len(done) < 10:
        before = len(done)
        await parts.make(f"beside {before} {len(waits)}")
        waits.append(len(done) - before)
    await asyncio.gather(*imports)
    assert max(waits) <= 2


async def test_accounts_of_imported_devices_are_published_as_a_range(parts: Parts, uuid: str) -> None:
    accounts = Accounts(parts.database, parts.registry)
    subscription = accounts.subscribe()
    stream = opened(parts)
    outcomes = [await send(stream, uuid, numbered(20, first)) for first in (0, 20)]
    first, last = outcomes[0].first_id, outcomes[1].last_id
    assert await subscription.next() == ChangedAccounts([], range(first, last + 1))
    page = await accounts.page(first - 1, 100, last)
    assert [account.name for account in page] == numbered(40)
    assert all(account.verifier for account in page)
    await send(opened(parts), uuid, ["d3"])
    changes = await subscription.next()
    assert changes == ChangedAccounts([page[3].device_id], range(0))


async def test_renewed_keys_keep_their_grace(parts: Parts, uuid: str) -> None:
    await send(opened(parts), uuid, ["one"])
    [one] = (await send(opened(parts), uuid, ["one"])).imported
    await owner(parts, one.key)
    pairs = await parts.keys.pairs([one.device_id])
    assert pairs[one.device_id].until == parts.clock.now + timedelta(hours=1)
