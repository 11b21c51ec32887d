"""Commands expire by the clock; old commands and versions are removed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from iotflow_server.commands.commands import Commands
from iotflow_server.db.housekeeping import Expiry, Pruning
from tests.integration.registry.parts import Parts

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


@asynccontextmanager
async def expiring(commands: Commands) -> AsyncIterator[None]:
    """Expiry by the real clock."""
    task = asyncio.create_task(Expiry(commands).run())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_command_expires_without_a_query(parts: Parts) -> None:
    commands = Commands(parts.database)
    device = await parts.make()
    await commands.send(device.id, "kept", {}, None, "", actor="token:me")
    late = await commands.send(device.id, "late", {}, 0.05 * SECOND, "", actor="token:me")
    with commands.changes.subscribe(device.id, lambda change: change.state == "expired") as listener:
        async with expiring(commands):
            await listener.wait(10)
            assert [change.id for change in listener.take()[0]] == [late.id]
            # One that expires before the known ones.
            await commands.send(device.id, "hours", {}, 3600 * SECOND, "", actor="token:me")
            soon = await commands.send(device.id, "soon", {}, 0.05 * SECOND, "", actor="token:me")
            await listener.wait(10)
            assert [change.id for change in listener.take()[0]] == [soon.id]
    assert (await commands.get(soon.id)).state == "expired"
    assert [command.name for command in await commands.page(device.id, "queued", None, 9)] == ["hours", "kept"]


async def test_very_many_commands_expire_simultaneously(parts: Parts) -> None:
    for number in range(3):
        await parts.make(f"d{number}")
    for key in range(500):
        await parts.commands.send_to_group("sensor", "x", {}, SECOND, f"{key}", actor="token:me")
    parts.clock.advance(seconds=1)
    assert await parts.commands.expire() is None
    assert await parts.commands.open_count() == 0
    assert len(await parts.commands.page(0, "expired", None, 2_000)) == 1_500


async def test_old_final_commands_are_removed(parts: Parts) -> None:
    device = await parts.make()
    old, waiting, fresh = [
        await parts.commands.send(device.id, name, {}, None, name, actor="token:me") for name in "abc"
    ]
    await parts.commands.cancel(old.id, actor="token:me")
    parts.clock.advance(days=2)
    await parts.commands.cancel(fresh.id, actor="token:me")
    await Pruning(parts.database, DAY, parts.clock).prune()
    assert [command.id for command in await parts.commands.page(0, "", None, 9)] == [fresh.id, waiting.id]
    # Its idempotency key is free.
    assert (await parts.commands.send(device.id, "a", {}, None, "a", actor="token:me")).id > fresh.id


async def test_the_newest_version_is_never_removed(parts: Parts) -> None:
    one, other = await parts.make("a"), await parts.make("b")
    for device, count in ((one, 3), (other, 1)):
        for number in range(count):
            await parts.desired.set(device.id, {"n": number}, None, "token:me")
    parts.clock.advance(days=2)
    await parts.desired.set(other.id, {"n": 9}, None, "token:me")
    pruning = Pruning(parts.database, DAY, parts.clock)
    await pruning.prune()
    await pruning.prune()
    versions = [
        [desired.version for desired in await parts.desired.page(device.id, None, 9)] for device in (one, other)
    ]
    assert versions == [[3], [2]]
