"""Keys: shown once, hashed, rotated."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import MetaData, select

from iotflow_server.devices.credentials import ALPHABET, KeyHasher, generate_key
from iotflow_server.devices.device import NewDevice
from iotflow_server.devices.models import Base
from iotflow_server.devices.registry import Registry
from tests.integration.registry.parts import Parts

HOUR = timedelta(hours=1)


async def stored(parts: Parts) -> str:
    """All that is in the database, as one text."""
    metadata: MetaData = Base.metadata
    tables = metadata.sorted_tables
    return await parts.database.read(
        lambda connection: repr([row for table in tables for row in connection.execute(select(table))])
    )


async def test_keys_and_secrets_are_never_stored(parts: Parts) -> None:
    device, first = await parts.registry.register(NewDevice("d"))
    second, _ = await parts.registry.rotate_key(device.id, HOUR)
    _, secret = await parts.tokens.create("t", "viewer", None)
    await parts.tokens.ensure_builtin("built in secret")

    text = await stored(parts)

    assert not [key for key in (first, second, secret, "built in secret") if key in text]
    assert KeyHasher(b"for tests").hash(second) in text


async def test_without_the_servers_secret_a_key_fits_nothing(parts: Parts) -> None:
    _, key = await parts.registry.register(NewDevice("d"))
    assert await Registry(parts.database, KeyHasher(b"another")).by_key(key) is None


async def test_the_old_key_lives_on_for_its_grace(parts: Parts) -> None:
    device, old = await parts.registry.register(NewDevice("d"))
    new, until = await parts.registry.rotate_key(device.id, HOUR)

    assert until == parts.clock.now + HOUR
    for key in (old, new):
        found = await parts.registry.by_key(key)
        assert found is not None
        assert found.id == device.id

    parts.clock.now = until
    assert await parts.registry.by_key(old) is None
    assert await parts.registry.by_key(new) is not None


async def test_without_grace_the_old_key_is_void_at_once(parts: Parts) -> None:
    device, old = await parts.registry.register(NewDevice("d"))
    await parts.registry.rotate_key(device.id, timedelta(0))
    assert await parts.registry.by_key(old) is None


async def test_two_keys_are_valid_at_most(parts: Parts) -> None:
    device, first = await parts.registry.register(NewDevice("d"))
    second, _ = await parts.registry.rotate_key(device.id, HOUR)
    third, _ = await parts.registry.rotate_key(device.id, HOUR)

    valid = [key for key in (first, second, third) if await parts.registry.by_key(key)]
    assert valid == [second, third]


async def test_rotations_at_once_leave_the_last_two(parts: Parts) -> None:
    device, _ = await parts.registry.register(NewDevice("d"))
    rotated = await asyncio.gather(*(parts.registry.rotate_key(device.id, HOUR) for _ in range(6)))
    assert len([key for key, _ in rotated if await parts.registry.by_key(key)]) == 2


async def test_a_deleted_device_has_no_keys(parts: Parts) -> None:
    device, old = await parts.registry.register(NewDevice("d"))
    new, _ = await parts.registry.rotate_key(device.id, HOUR)
    await parts.registry.delete(device.id)
    assert await parts.registry.by_key(old) is None
    assert await parts.registry.by_key(new) is None


async def test_the_length_is_a_setting(parts: Parts) -> None:
    registry = Registry(parts.database, KeyHasher(b"x"), key_length=48)
    _, key = await registry.register(NewDevice("d"))
    assert len(key) == 48


def test_keys_are_letters_and_digits_by_chance() -> None:
    keys = {generate_key() for _ in range(1000)}
    assert len(keys) == 1000
    assert {len(key) for key in keys} == {32}
    assert set("".join(keys)) == set(ALPHABET)


def test_hashing_needs_a_secret() -> None:
    with pytest.raises(ValueError, match="empty"):
        KeyHasher(b"")
