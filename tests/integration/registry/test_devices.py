"""Registration, queries, changes and removal of devices."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from iotflow_server import errors
from iotflow_server.devices.device import DeviceChanges, NewDevice
from iotflow_server.errors import InvalidArgument
from tests.integration.registry.parts import Parts


async def test_a_device_is_stored_as_registered(parts: Parts) -> None:
    new = NewDevice("boiler", "actuator", "in the cellar", "Küche", "1.2.3", "rev B")
    device, key = await parts.registry.register(new, actor="token:me")

    assert await parts.registry.get(device.id) == device
    assert await parts.registry.get_by_name("boiler") == device
    found = await parts.keys.find(key)
    assert found is not None
    assert found.device == device
    assert (device.device_type, device.description, device.location) == ("actuator", "in the cellar", "Küche")
    assert (device.firmware_version, device.hardware_version) == ("1.2.3", "rev B")
    assert (device.status, device.configuration, device.last_seen) == ("active", {}, None)
    assert device.created_at == device.updated_at == parts.clock.now
    assert device.created_at.utcoffset() == timedelta(0)


async def test_missing_devices_are_not_found(parts: Parts) -> None:
    assert await parts.keys.find("nobody's") is None
    assert await parts.registry.get_by_name("nobody") is None
    assert await parts.registry.get_many([]) == []
    for call in (
        parts.registry.get(7),
        parts.registry.update(7, DeviceChanges(location="x"), actor="token:me"),
        parts.registry.update(7, DeviceChanges(configuration_key=("x", 1)), actor="token:me"),
        parts.registry.delete(7, actor="token:me"),
        parts.keys.reset(7, timedelta(hours=1), actor="token:me"),
    ):
        with pytest.raises(errors.NotFound) as refusal:
            await call
        assert refusal.value.reason == "DEVICE_NOT_FOUND"


async def test_one_of_several_simultaneous_registrations_of_a_name_succeeds(parts: Parts) -> None:
    outcomes = await asyncio.gather(
        *(parts.registry.register(NewDevice("pump"), actor="token:me") for _ in range(8)), return_exceptions=True
    )

    refusals = [outcome for outcome in outcomes if isinstance(outcome, errors.AlreadyExists)]
    assert len(refusals) == 7
    assert {(refusal.reason, refusal.field) for refusal in refusals} == {("NAME_TAKEN", "name")}
    assert await parts.registry.total() == 1


async def test_ids_are_never_reused(parts: Parts) -> None:
    first = await parts.make("first")
    last = await parts.make("last")
    assert await parts.registry.delete(last.id, actor="token:me") == last

    assert (await parts.make("last")).id > last.id > first.id


async def test_a_change_leaves_other_fields_unchanged(parts: Parts) -> None:
    device = await parts.make()
    later = parts.clock.advance(minutes=1)

    changed = await parts.registry.update(
        device.id, DeviceChanges(status="maintenance", location="roof"), actor="token:me"
    )

    assert changed == replace(device, status="maintenance", location="roof", updated_at=later)
    assert await parts.registry.get(device.id) == changed


async def test_a_change_can_clear_a_field(parts: Parts) -> None:
    device, _ = await parts.registry.register(NewDevice("lamp", location="hall"), actor="token:me")
    changes = DeviceChanges(location="", configuration={})
    assert (await parts.registry.update(device.id, changes, actor="token:me")).location == ""


async def test_a_name_can_change_but_not_to_one_in_use(parts: Parts) -> None:
    device = await parts.make("one")
    await parts.make("two")

    with pytest.raises(errors.AlreadyExists) as refusal:
        await parts.registry.update(device.id, DeviceChanges(name="two"), actor="token:me")
    assert (refusal.value.reason, refusal.value.field) == ("NAME_TAKEN", "name")

    await parts.registry.update(device.id, DeviceChanges(name="three"), actor="token:me")
    assert await parts.registry.get_by_name("one") is None


async def test_members_of_a_configuration_set_simultaneously_are_all_stored(parts: Parts) -> None:
    device = await parts.make()
    await parts.registry.update(device.id, DeviceChanges(configuration={"old": [1, {"two": None}]}), actor="token:me")

    await asyncio.gather(
        *(
            parts.registry.update(device.id, DeviceChanges(configuration_key=(f"k{n}", n)), actor="token:me")
            for n in range(10)
        )
    )

    configuration = (await parts.registry.get(device.id)).configuration
    assert configuration == {"old": [1, {"two": None}]} | {f"k{n}": n for n in range(10)}


async def test_a_member_is_set_in_the_configuration_of_the_same_call(parts: Parts) -> None:
    device = await parts.make()
    changes = DeviceChanges(configuration={"a": 1}, configuration_key=("b", 2))
    assert (await parts.registry.update(device.id, changes, actor="token:me")).configuration == {"a": 1, "b": 2}


async def test_a_value_that_is_not_json_is_rejected(parts: Parts) -> None:
    device = await parts.make()
    with pytest.raises(errors.InvalidArgument):
        await parts.registry.update(device.id, DeviceChanges(configuration_key=("x", float("nan"))), actor="token:me")
    assert (await parts.registry.get(device.id)).configuration == {}


async def test_the_size_of_a_configuration_is_limited_however_it_grows(parts: Parts) -> None:
    device = await parts.make()
    with pytest.raises(InvalidArgument, match="at most 262144"):
        await parts.registry.update(device.id, DeviceChanges(configuration={"a": "x" * 262_144}), actor="token:me")
    changed = await parts.registry.update(
        device.id, DeviceChanges(configuration={"a": "x" * 262_000}), actor="token:me"
    )
    with pytest.raises(InvalidArgument, match="at most 262144"):
        await parts.registry.update(device.id, DeviceChanges(configuration_key=("b", "x" * 200)), actor="token:me")
    assert (await parts.registry.get(device.id)).configuration == changed.configuration


async def test_deletion_removes_commands_and_configurations_but_no_audit_entries(parts: Parts) -> None:
    device = await parts.make()
    command = await parts.commands.send(device.id, "reboot", {}, None, "", actor="token:me")
    await parts.desired.set(device.id, {"interval": 5}, None, "token:me")

    await parts.registry.delete(device.id, actor="token:me")

    assert await parts.commands.open_count() == 0
    assert (await parts.desired.get(device.id)).version == 0
    entries = await parts.audit.page(f"device:{device.id}", None, 10)
    assert [entry.action for entry in entries] == ["device.delete", "config.set", "command.send", "device.register"]
    with pytest.raises(errors.NotFound):
        await parts.commands.acknowledge(device.id, command.id, "succeeded", None)


async def test_no_id_is_used_again(parts: Parts) -> None:
    device = await parts.make("old")
    command = await parts.commands.send(device.id, "blink", {}, None, "", actor="token:me")
    await parts.registry.delete(device.id, actor="token:me")
    following = await parts.make("new")
    assert following.id > device.id
    assert (await parts.commands.send(following.id, "blink", {}, None, "", actor="token:me")).id > command.id


async def test_listeners_are_called_for_their_kind_of_change(parts: Parts) -> None:
    registered: list[int] = []
    changed: list[int] = []
    gone: list[int] = []
    parts.registry.on_register(registered.append)
    parts.registry.on_change(changed.append)
    parts.registry.on_gone(gone.append)

    device = await parts.make()
    assert (registered, changed, gone) == ([device.id], [], [])
    await parts.registry.update(device.id, DeviceChanges(location="roof"), actor="token:me")
    assert (registered, changed, gone) == ([device.id], [device.id], [])
    await parts.registry.set_status(device.id, "inactive", actor="token:me")
    assert (changed, gone) == ([device.id] * 2, [device.id]), "an inactive device counts as gone"
    await parts.registry.delete(device.id, actor="token:me")
    assert (registered, changed, gone) == ([device.id], [device.id] * 3, [device.id] * 2)


async def test_cancellation_waits_for_the_end_of_the_change(parts: Parts) -> None:
    device = await parts.make()
    changed_ids: list[int] = []
    parts.registry.on_change(changed_ids.append)
    change = asyncio.create_task(parts.registry.update(device.id, DeviceChanges(status="inactive"), actor="token:me"))
    await asyncio.sleep(0)
    change.cancel()
    with pytest.raises(asyncio.CancelledError):
        await change

    assert changed_ids == [device.id]
    settled = (await parts.registry.get(device.id)).status
    await parts.make("another")
    assert (await parts.registry.get(device.id)).status == settled
