"""The cache of identities."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from iotflow_server import errors
from iotflow_server.auth.identities import Identities
from iotflow_server.devices.device import Device, DeviceChanges, NewDevice
from iotflow_server.devices.keys import DeviceKey
from tests.integration.registry.parts import Parts

LookUp = Callable[[str], Awaitable[Device | None]]


class Timer:
    """A clock in seconds that the test advances."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Asked(list[str]):
    """Records the keys that are looked up in the registry."""

    def __init__(self) -> None:
        super().__init__()
        self.once = asyncio.Event()


@pytest.fixture
def timer() -> Timer:
    return Timer()


@pytest.fixture
def asked(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> Asked:
    keys = Asked()
    find = parts.keys.find

    async def noted(key: str) -> DeviceKey | None:
        keys.append(key)
        keys.once.set()
        return await find(key)

    monkeypatch.setattr(parts.keys, "find", noted)
    return keys


@pytest.fixture
def identities(parts: Parts, timer: Timer, asked: Asked) -> Identities:
    assert asked == []
    return Identities(
        registry=parts.registry, keys=parts.keys, tokens=parts.tokens, size=3, timer=timer, clock=parts.clock
    )


async def test_a_key_is_looked_up_once_within_its_lifetime(
    parts: Parts, identities: Identities, asked: Asked, timer: Timer
) -> None:
    device, key = await parts.registry.register(NewDevice("d"), actor="token:me")

    assert await asyncio.gather(*(identities.device(key) for _ in range(50))) == [device] * 50
    timer.seconds = 4.9
    assert await identities.device(key) == device
    assert asked == [key]
    timer.seconds = 5
    await identities.device(key)
    assert asked == [key, key]


async def test_a_wrong_key_is_cached_for_a_shorter_time(identities: Identities, asked: Asked, timer: Timer) -> None:
    for timer.seconds in (0, 0.9, 1.0):
        assert await identities.device("wrong") is None
    assert asked == ["wrong", "wrong"]


async def test_invented_keys_do_not_evict_valid_ones(parts: Parts, identities: Identities, asked: Asked) -> None:
    _, key = await parts.registry.register(NewDevice("d"), actor="token:me")
    await identities.device(key)
    for number in range(20):
        await identities.device(f"made up {number}")
    await identities.device(key)
    assert asked.count(key) == 1
    await identities.device("made up 0")
    assert asked.count("made up 0") == 2


async def test_the_oldest_entry_is_evicted(parts: Parts, identities: Identities, asked: Asked) -> None:
    keys = [(await parts.registry.register(NewDevice(f"d{number}"), actor="token:me"))[1] for number in range(4)]
    for key in [*keys, keys[3], keys[1], keys[0]]:
        assert await identities.device(key) is not None
    assert asked == [*keys, keys[0]]


async def test_changes_by_this_process_are_visible_at_once(parts: Parts, identities: Identities) -> None:
    device, key = await parts.registry.register(NewDevice("d"), actor="token:me")
    await identities.device(key)

    changed = await parts.registry.update(device.id, DeviceChanges(status="inactive"), actor="token:me")
    assert await identities.device(key) == changed

    await parts.keys.reset(device.id, timedelta(0), actor="token:me")
    assert await identities.device(key) is None


async def test_a_key_is_cached_no_longer_than_its_grace_period(parts: Parts, identities: Identities) -> None:
    _, old = await parts.registry.register(NewDevice("d"), actor="token:me")
    key = await identities.key(old)
    assert key is not None
    new, until = await parts.keys.rotate(key)
    assert await identities.device(new) is not None
    assert await identities.device(old) is not None
    parts.clock.now = until
    assert await identities.device(old) is None
    assert await identities.device(new) is not None


async def test_the_key_of_a_deleted_device_is_void_at_once(parts: Parts, identities: Identities) -> None:
    device, key = await parts.registry.register(NewDevice("d"), actor="token:me")
    await identities.device(key)
    await parts.registry.delete(device.id, actor="token:me")
    assert await identities.device(key) is None


async def test_a_result_older_than_a_change_is_not_cached(parts: Parts, identities: Identities, asked: Asked) -> None:
    _, key = await parts.registry.register(NewDevice("d"), actor="token:me")
    early = asyncio.create_task(identities.device(key))
    await asked.once.wait()
    identities.forget_device(1)

    assert await identities.device(key) == await early
    assert asked == [key, key]


async def test_a_cancelled_caller_does_not_cancel_the_lookup_of_others(
    parts: Parts, identities: Identities, asked: Asked
) -> None:
    device, key = await parts.registry.register(NewDevice("d"), actor="token:me")
    impatient = asyncio.create_task(identities.device(key))
    patient = asyncio.create_task(identities.device(key))
    await asked.once.wait()
    impatient.cancel()
    assert await patient == device
    assert asked == [key]


async def test_a_failed_lookup_is_not_cached(parts: Parts, timer: Timer, monkeypatch: pytest.MonkeyPatch) -> None:
    device, key = await parts.registry.register(NewDevice("d"), actor="token:me")
    find, failures = parts.keys.find, [errors.Unavailable("REGISTRY_UNAVAILABLE", "away")]

    async def failing(key: str) -> DeviceKey | None:
        if failures:
            raise failures.pop()
        return await find(key)

    monkeypatch.setattr(parts.keys, "find", failing)
    identities = Identities(registry=parts.registry, keys=parts.keys, tokens=parts.tokens, timer=timer)
    with pytest.raises(errors.Unavailable):
        await identities.device(key)
    assert await identities.device(key) == device


async def test_a_token_is_void_after_its_expiry_and_when_revoked(parts: Parts, identities: Identities) -> None:
    short, secret = await parts.tokens.create("short", "viewer", timedelta(seconds=2), actor="token:me")
    lasting, other = await parts.tokens.create("lasting", "viewer", None, actor="token:me")
    assert await identities.token(secret) == short
    assert await identities.token(other) == lasting

    parts.clock.advance(seconds=2)
    assert await identities.token(secret) is None
    await parts.tokens.revoke(lasting.id, actor="token:me")
    assert await identities.token(other) is None


async def test_closing_cancels_lookups_in_progress(parts: Parts, identities: Identities, asked: Asked) -> None:
    _, key = await parts.registry.register(NewDevice("d"), actor="token:me")
    waiting = asyncio.create_task(identities.device(key))
    await asked.once.wait()
    await identities.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_the_cache_can_be_cleared(parts: Parts, identities: Identities, asked: Asked) -> None:
    _, key = await parts.registry.register(NewDevice("d"), actor="token:me")
    for _ in range(2):
        await identities.device(key)
        await identities.device("nobody's")
        identities.forget_all()
    assert asked == [key, "nobody's"] * 2


async def test_an_identity_stays_known_until_a_lookup_does_not_find_it(
    parts: Parts, identities: Identities, timer: Timer
) -> None:
    device, key = await parts.registry.register(NewDevice("d"), actor="token:me")
    assert not identities.is_known_key(key)
    await identities.device(key)
    timer.seconds += 1_000
    await parts.registry.update(device.id, DeviceChanges(location="elsewhere"), actor="token:me")
    assert identities.is_known_key(key)
    await parts.keys.reset(device.id, timedelta(0), actor="token:me")
    assert await identities.device(key) is None
    assert not identities.is_known_key(key)
