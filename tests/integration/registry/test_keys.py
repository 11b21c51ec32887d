"""Keys are shown once, stored as hashes, and rotated."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta

import pytest
from sqlalchemy import MetaData, select

from iotflow_server.auth.credentials import ALPHABET, KeyHasher, generate_key
from iotflow_server.db.models import Base
from iotflow_server.devices.device import NewDevice
from iotflow_server.devices.keys import DeviceKey, DeviceKeys
from iotflow_server.devices.registry import Registry
from iotflow_server.errors import NotFound, PermissionDenied
from tests.integration.registry.parts import GRACE, Parts


async def stored(parts: Parts) -> str:
    """The content of the database as one text."""
    metadata: MetaData = Base.metadata
    tables = metadata.sorted_tables
    return await parts.database.read(
        lambda connection: repr([row for table in tables for row in connection.execute(select(table))])
    )


async def made(parts: Parts) -> tuple[int, str]:
    """The id and the key of a new device."""
    device, key = await parts.registry.register(NewDevice("d"), actor="token:me")
    return device.id, key


async def shown(parts: Parts, key: str) -> DeviceKey:
    """Use a valid key."""
    found = await parts.keys.find(key)
    assert found is not None
    return found


async def rotated(parts: Parts, key: str) -> str:
    successor, _ = await parts.keys.rotate(await shown(parts, key))
    return successor


async def valid(parts: Parts, *keys: str) -> list[str]:
    """Whether the key is valid. The call counts as a use of the key."""
    return [key for key in keys if await parts.keys.find(key)]


async def refused(call: Awaitable[object]) -> str:
    with pytest.raises(PermissionDenied) as refusal:
        await call
    return refusal.value.reason


async def test_keys_and_secrets_are_never_stored(parts: Parts) -> None:
    device, first = await made(parts)
    second = await rotated(parts, first)
    third = await parts.keys.reset(device, GRACE, actor="token:me")
    _, secret = await parts.tokens.create("t", "viewer", None, actor="token:me")
    await parts.tokens.ensure_builtin("built in secret")

    text = await stored(parts)

    assert not [key for key in (first, second, third, secret, "built in secret") if key in text]
    assert KeyHasher(b"for tests").hash(third) in text


async def test_a_key_is_valid_with_the_secret_of_its_server_only(parts: Parts) -> None:
    _, key = await made(parts)
    others = DeviceKeys(database=parts.database, hasher=KeyHasher(b"another"), registry=parts.registry, grace=GRACE)
    assert await others.find(key) is None


async def test_the_grace_period_of_the_old_key_begins_with_the_first_use_of_the_new_one(parts: Parts) -> None:
    device, old = await made(parts)
    new = await rotated(parts, old)
    parts.clock.advance(days=30)
    assert (await shown(parts, old)).until is None

    assert (await shown(parts, new)).id == device
    until = parts.clock.now + GRACE
    assert (await shown(parts, old)).until == until
    parts.clock.advance(minutes=59)
    await shown(parts, new)
    assert (await shown(parts, old)).until == until, "only the first use counts"

    parts.clock.now = until
    assert await valid(parts, old, new) == [new]


async def test_a_key_whose_grace_has_ended_is_not_found_beside_its_successor(parts: Parts) -> None:
    """Callers that ask at the same time share one query."""
    device, old = await made(parts)
    _, other = await parts.registry.register(NewDevice("other"), actor="token:me")
    new = await rotated(parts, old)
    await shown(parts, new)
    parts.clock.advance(hours=2)
    keys = [other, old, new, "unknown", new]
    found = await asyncio.gather(*map(parts.keys.find, keys))
    assert [one.id if one else None for one in found] == [device + 1, None, device, None, device]


async def test_a_lost_response_to_a_rotation_locks_no_device_out(parts: Parts) -> None:
    _, held = await made(parts)
    lost = [await rotated(parts, held) for _ in range(3)]
    parts.clock.advance(days=400)
    got = await rotated(parts, held)
    assert await valid(parts, *lost) == []
    assert await valid(parts, got, held) == [got, held]


async def test_a_replaced_key_cannot_change_keys_or_the_device(parts: Parts) -> None:
    """A thief of the old key can neither replace the new one nor remove the device."""
    _, old = await made(parts)
    before = await shown(parts, old)
    new = await rotated(parts, old)
    await shown(parts, new)
    for stolen in (before, await shown(parts, old)):
        assert await refused(parts.keys.rotate(stolen)) == "KEY_REPLACED"
        assert await refused(parts.keys.unregister(stolen)) == "KEY_REPLACED"
        assert await refused(parts.keys.end_grace(stolen)) == "KEY_REPLACED"
    assert await valid(parts, new, old) == [new, old]
    await parts.keys.unregister(await shown(parts, new))
    assert await valid(parts, new, old) == []


async def test_until_the_successor_is_used_the_key_has_all_rights(parts: Parts) -> None:
    _, old = await made(parts)
    new = await rotated(parts, old)
    await parts.keys.unregister(await shown(parts, old))
    assert await valid(parts, old, new) == []


async def test_the_grace_period_can_be_ended_repeatedly(parts: Parts) -> None:
    _, old = await made(parts)
    new = await rotated(parts, old)
    for _ in range(2):
        await parts.keys.end_grace(await shown(parts, new))
        assert await valid(parts, old, new) == [new]


async def test_a_used_successor_may_rotate_and_voids_older_keys(parts: Parts) -> None:
    _, first = await made(parts)
    second = await rotated(parts, first)
    third = await rotated(parts, second)
    assert await valid(parts, first, second, third) == [second, third]


async def test_simultaneous_rotations_leave_one_successor(parts: Parts) -> None:
    _, old = await made(parts)
    key = await shown(parts, old)
    successors = [successor for successor, _ in await asyncio.gather(*(parts.keys.rotate(key) for _ in range(6)))]
    left = await valid(parts, *successors)
    assert len(left) == 1
    assert await valid(parts, old, *left) == [old, *left]


async def test_a_simultaneous_first_use_and_rotation_agree(parts: Parts) -> None:
    """Either the successor was used and the old key may not rotate, or the successor was replaced and is void."""
    _, old = await made(parts)
    for _ in range(10):
        key = await shown(parts, old)
        successor, _ = await parts.keys.rotate(key)
        used, again = await asyncio.gather(parts.keys.find(successor), parts.keys.rotate(key), return_exceptions=True)
        assert (used is None) == isinstance(again, tuple), (used, again)
        newest = again[0] if isinstance(again, tuple) else successor
        await parts.keys.end_grace(await shown(parts, newest))
        old = newest


@pytest.mark.parametrize("pending", [False, True], ids=["", "while a rotation waits for its first use"])
async def test_a_reset_ends_all_keys(parts: Parts, pending: bool) -> None:
    device, held = await made(parts)
    lost = [await rotated(parts, held)] if pending else []
    new = await parts.keys.reset(device, timedelta(0), actor="token:me")
    assert await valid(parts, held, *lost, new) == [new]
    assert await valid(parts, await rotated(parts, new)) != []


@pytest.mark.parametrize("pending", [False, True], ids=["", "while a rotation waits for its first use"])
async def test_a_reset_with_a_grace_period_keeps_the_key_in_use(parts: Parts, pending: bool) -> None:
    device, held = await made(parts)
    lost = [await rotated(parts, held)] if pending else []
    new = await parts.keys.reset(device, timedelta(minutes=5), actor="token:me")
    assert await valid(parts, held, *lost, new) == [held, new]
    assert await refused(parts.keys.rotate(await shown(parts, held))) == "KEY_REPLACED"
    parts.clock.advance(minutes=5)
    assert await valid(parts, held, new) == [new]


async def test_a_deleted_device_has_no_keys(parts: Parts) -> None:
    device, old = await made(parts)
    key = await shown(parts, old)
    new = await rotated(parts, old)
    await parts.registry.delete(device, actor="token:me")
    assert await valid(parts, old, new) == []
    for call in (parts.keys.rotate(key), parts.keys.unregister(key), parts.keys.end_grace(key)):
        with pytest.raises(NotFound):
            await call


async def test_the_length_of_keys_is_a_setting(parts: Parts) -> None:
    registry = Registry(parts.database, KeyHasher(b"x"), key_length=48)
    _, key = await registry.register(NewDevice("d"), actor="token:me")
    assert len(key) == 48


def test_keys_are_random_letters_and_digits() -> None:
    keys = {generate_key() for _ in range(1000)}
    assert len(keys) == 1000
    assert {len(key) for key in keys} == {32}
    assert set("".join(keys)) == set(ALPHABET)


def test_hashing_needs_a_secret() -> None:
    with pytest.raises(ValueError, match="empty"):
        KeyHasher(b"")
