"""Leases of commands: one gateway at a time, in order, released when the gateway ends."""

import asyncio

import pytest

from iotflow_server.commands.command import CommandResult
from iotflow_server.commands.leases import LEASE, CommandLeases
from iotflow_server.commands.transactions import HOLD
from iotflow_server.devices.device import DeviceChanges
from tests.integration.registry.parts import Parts

MOST = 100


@pytest.fixture
def leases(parts: Parts) -> CommandLeases:
    return CommandLeases(parts.database, parts.commands.changes, parts.clock)


async def send(parts: Parts, device_id: int, *names: str) -> list[int]:
    return [(await parts.commands.send(device_id, name, {}, None, "", actor="token:me")).id for name in names]


async def taken(leases: CommandLeases, gateway: str, most: int = MOST) -> list[int]:
    return [lease.command.id for lease in await leases.take(gateway, most)]


async def test_each_command_is_leased_to_one_gateway(parts: Parts, leases: CommandLeases) -> None:
    devices = [await parts.make(f"d{number}") for number in range(4)]
    sent = [one for device in devices for one in await send(parts, device.id, "a", "b")]
    halves = await asyncio.gather(*(leases.take(gateway, MOST) for gateway in ("one", "other")))
    assert sorted(lease.command.id for half in halves for lease in half) == sent
    assert {lease.device_name for half in halves for lease in half} == {"d0", "d1", "d2", "d3"}
    assert await taken(leases, "third") == []


async def test_a_devices_commands_stay_in_order(parts: Parts, leases: CommandLeases) -> None:
    device = await parts.make()
    first, second, third = await send(parts, device.id, "a", "b", "c")
    assert await taken(leases, "one", 1) == [first]
    assert await taken(leases, "other") == []
    assert await taken(leases, "one", 1) == [second]
    for command in (first, second):
        await parts.commands.hand_over(device.id, command)
    assert await taken(leases, "other") == [third]


async def test_leases_of_a_gateway_that_ends_or_is_silent_are_released(parts: Parts, leases: CommandLeases) -> None:
    device = await parts.make()
    [command] = await send(parts, device.id, "a")
    assert await taken(leases, "gone") == [command]
    with parts.commands.changes.subscribe(None, lambda change: change.state == "queued") as listener:
        await leases.release("gone")
        assert [change.id for change in listener.take()[0]] == [command]
    assert await taken(leases, "silent") == [command]
    assert await taken(leases, "next") == []
    parts.clock.now += LEASE
    assert await taken(leases, "next") == [command]


async def test_no_command_of_an_unreachable_device_is_leased_until_it_is_back(
    parts: Parts, leases: CommandLeases
) -> None:
    device, other = await parts.make("a"), await parts.make("b")
    first, second = await send(parts, device.id, "a", "b")
    [third] = await send(parts, other.id, "c")
    assert await taken(leases, "one", 1) == [first]
    await parts.commands.record_results([CommandResult(device.id, first, "unreachable")])
    assert await taken(leases, "one") == [third]
    await leases.release_for([other.id])
    assert await taken(leases, "one") == []
    await leases.release_for([device.id])
    assert await taken(leases, "one") == [first, second]
    await parts.commands.record_results([CommandResult(device.id, first, "unreachable")])
    await parts.commands.hand_over(other.id, third)
    parts.clock.now += HOLD
    assert await taken(leases, "two") == [first, second]


async def test_another_gateway_may_reach_the_device(parts: Parts, leases: CommandLeases) -> None:
    device = await parts.make()
    first, second = await send(parts, device.id, "a", "b")

    async def report_unreachable(gateway: str) -> None:
        result = CommandResult(device.id, first, "unreachable", gateway=gateway)
        with parts.commands.changes.subscribe(None, lambda change: change.state == "queued") as listener:
            await parts.commands.record_results([result])
            assert [change.id for change in listener.take()[0]] == [first]

    assert await taken(leases, "one", 1) == [first]
    await report_unreachable("one")
    assert await taken(leases, "one") == []
    assert await taken(leases, "two", 1) == [first]
    await report_unreachable("two")
    assert await taken(leases, "one") == []
    assert await taken(leases, "two") == []
    await leases.release_for([device.id])
    assert await taken(leases, "two", 1) == [first]
    await report_unreachable("two")
    assert await taken(leases, "one") == [first, second]
    await report_unreachable("one")
    parts.clock.now += HOLD
    assert await taken(leases, "one", 1) == [first]
    await report_unreachable("one")
    assert await taken(leases, "two", 1) == [first]


async def test_a_reconnection_is_known_for_the_time_of_a_lease(parts: Parts) -> None:
    now = [100.0]
    leases = CommandLeases(parts.database, parts.commands.changes, timer=lambda: now[0])
    device, other = await parts.make("a"), await parts.make("b")
    assert not leases.has_reconnected(device.id, 0.0)
    await leases.release_for([device.id, other.id])
    now[0] += 10.0
    await leases.release_for([device.id])
    assert leases.has_reconnected(device.id, 110.0)
    assert not leases.has_reconnected(device.id, 110.5)
    assert leases.has_reconnected(other.id, 100.0)
    assert not leases.has_reconnected(other.id, 100.5)
    now[0] = 99.5 + LEASE.total_seconds()
    assert leases.has_reconnected(other.id, 0.0)
    now[0] += 1.0
    assert not leases.has_reconnected(other.id, 0.0)
    assert leases.has_reconnected(device.id, 0.0)


async def test_no_command_is_leased_that_is_final_delivered_or_of_an_inactive_device(
    parts: Parts, leases: CommandLeases
) -> None:
    device, suspended = await parts.make("a"), await parts.make("b")
    await parts.registry.update(suspended.id, DeviceChanges(status="inactive"), actor="token:me")
    await send(parts, suspended.id, "waits")
    [cancelled, delivered] = await send(parts, device.id, "cancelled", "delivered")
    await parts.commands.cancel(cancelled, actor="token:me")
    await parts.commands.hand_over(device.id, delivered)
    assert await taken(leases, "one") == []
    await parts.registry.update(suspended.id, DeviceChanges(status="active"), actor="token:me")
    assert len(await taken(leases, "one")) == 1
