"""Filters of devices, and pages of their results."""

from iotflow_server.devices.device import Device, DeviceChanges, DeviceFilter, NewDevice
from iotflow_server.presence.last_seen import LastSeen
from tests.integration.registry.parts import Parts


async def names(parts: Parts, wanted: DeviceFilter) -> list[str]:
    total, devices = await parts.registry.page(wanted, 0, 100)
    assert total == len(devices)
    return [device.name for device in devices]


async def seen_now(parts: Parts, *devices: Device) -> None:
    last_seen = LastSeen(parts.database, clock=parts.clock)
    for device in devices:
        last_seen.record(device.id)
    await last_seen.flush()


async def test_pages_are_consecutive(parts: Parts) -> None:
    made = [await parts.make(f"d{number}") for number in range(7)]
    await parts.registry.delete(made.pop(2).id, actor="token:me")

    after, pages = 0, []
    while True:
        total, page = await parts.registry.page(DeviceFilter(), after, 4)
        assert total == await parts.registry.total() == 6
        if not page:
            break
        pages.append(page)
        after = page[-1].id

    assert [len(page) for page in pages] == [4, 2]
    assert [device for page in pages for device in page] == made


async def test_the_total_counts_the_devices_that_match(parts: Parts) -> None:
    for number in range(5):
        await parts.registry.register(NewDevice(f"d{number}", "pump" if number % 2 else "lamp"), actor="token:me")
    total, page = await parts.registry.page(DeviceFilter(device_type="lamp"), 0, 1)
    assert (total, [device.name for device in page]) == (3, ["d0"])


async def test_filters_by_status_type_and_ids(parts: Parts) -> None:
    one, two = await parts.make("one"), await parts.make("two")
    await parts.registry.register(NewDevice("three", "pump"), actor="token:me")
    await parts.registry.update(two.id, DeviceChanges(status="error"), actor="token:me")

    assert await names(parts, DeviceFilter(status="error")) == ["two"]
    assert await names(parts, DeviceFilter(device_type="pump")) == ["three"]
    assert await names(parts, DeviceFilter(status="error", device_type="pump")) == []
    assert await names(parts, DeviceFilter(ids=[two.id, one.id, 999])) == ["one", "two"]
    assert await names(parts, DeviceFilter(ids=[])) == []


async def test_filters_by_many_ids(parts: Parts) -> None:
    device = await parts.make()
    assert await parts.registry.get_many(range(100_000)) == [device]
    assert await names(parts, DeviceFilter(ids=range(100_000))) == [device.name]


async def test_filters_by_part_of_the_name_regardless_of_case(parts: Parts) -> None:
    for name in ("Küche 100%", "kueche_1", "KÜCHE 2", "Straße", "a\\b"):
        await parts.make(name)

    assert await names(parts, DeviceFilter(name="küche")) == ["Küche 100%", "KÜCHE 2"]
    assert await names(parts, DeviceFilter(name="STRASSE")) == ["Straße"]
    assert await names(parts, DeviceFilter(name="%")) == ["Küche 100%"]
    assert await names(parts, DeviceFilter(name="e_1")) == ["kueche_1"]
    assert await names(parts, DeviceFilter(name="\\")) == ["a\\b"]


async def test_a_renamed_device_is_found_by_its_new_name(parts: Parts) -> None:
    device = await parts.make("old")
    await parts.registry.update(device.id, DeviceChanges(name="NEW"), actor="token:me")
    assert await names(parts, DeviceFilter(name="old")) == []
    assert await names(parts, DeviceFilter(name="new")) == ["NEW"]


async def test_filters_by_last_seen(parts: Parts) -> None:
    early, late, _ = await parts.make("early"), await parts.make("late"), await parts.make("never")
    await seen_now(parts, early)
    between = parts.clock.advance(minutes=1)
    await seen_now(parts, late)

    assert await names(parts, DeviceFilter(online_since=between)) == ["late"]
    assert await names(parts, DeviceFilter(offline_since=between)) == ["early", "never"]
