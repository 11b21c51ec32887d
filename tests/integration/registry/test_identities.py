"""Identities remembered for a short time."""

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
    """Seconds, by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Asked(list[str]):
    """The keys that the registry was asked for."""

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
        registry=parts.registry, keys=parts.keys, tokens=parts.tokens, ttl=5, size=3, timer=timer, clock=parts.clock
    )


async def test_a_key_is_asked_for_once_in_its_time(
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


async def test_a_wrong_key_is_remembered_more_shortly(identities: Identities, asked: Asked, timer: Timer) -> None:
    for timer.seconds in (0, 0.9, 1.0):
        assert await identities.device("wrong") is None
    assert asked == ["wrong", "wrong"]


async def test_made_up_keys_do_not_drive_out_real_ones(parts: Parts, identities: Identities, asked: Asked) -> None:
    _, key = await parts.registry.register(NewDevice("d"), actor="token:me")
    await identities.device(key)
    for number in range(20):
        await identities.device(f"made up {number}")
    await identities.device(key)
    assert asked.count(key) == 1
    await identities.device("made up 0")
    assert asked.count("made up 0") == 2


async def test_of_more_than_fit_the_oldest_goes(parts: Parts, identities: Identities, asked: Asked) -> None:
    keys = [(await parts.registry.register(NewDevice(f"d{number}"), actor="token:me"))[1] for number in range(4)]
    for key in [*keys, keys[3], keys[1], keys[0]]:
        assert await identities.device(key) is not None
    assert asked == [*keys, keys[0]]


async def test_what_this_process_changes_is_known_at_once(parts: Parts, identities: Identities) -> None:
    device, key = await parts.registry.register(NewDevice("d"), actor="token:me")
    await identities.device(key)

    changed = await parts.registry.update(device.id, DeviceChanges(status="inactive"), actor="token:me")
    assert await identities.device(key) == changed

    await parts.keys.reset(device.id, timedelta(0), actor="token:me")
    assert await identities.device(key) is None


async def test_a_key_in_its_grace_is_remembered_no_longer_than_that(parts: Parts, identities: Identities) -> None:
    _, old = await parts.registry.register(NewDevice("d"), actor="token:me")
    key = await identities.key(old)
    assert key is not None
    new, until = await parts.keys.rotate(key)
    assert await identities.device(new) is not None
    assert await identities.device(old) is not None
    parts.clock.now = until
    assert await identities.device(old) is None
    assert await identities.device(new) is not None


async def test_a_deleted_device_is_nobody_at_once(parts: Parts, identities: Identities) -> None:
    device, key = await parts.registry.register(NewDevice("d"), actor="token:me")
    await identities.device(key)
    await parts.registry.delete(device.id, actor="token:me")
    assert await identities.device(key) is None


async def test_an_answer_from_before_a_change_is_not_remembered(
    parts: Parts, identities: Identities, asked: Asked
) -> None:
    _, key = await parts.registry.register(NewDevice("d"), actor="token:me")
    early = asyncio.create_task(identities.device(key))
    await asked.once.wait()
    identities.forget_device(1)

    assert await identities.device(key) == await early
    assert asked == [key, key]


async def test_one_that_goes_away_does_not_take_the_answer_along(
    parts: Parts, identities: Identities, asked: Asked
) -> None:
    device, key = await parts.registry.register(NewDevice("d"), actor="token:me")
    impatient = asyncio.create_task(identities.device(key))
    patient = asyncio.create_task(identities.device(key))
    await asked.once.wait()
    impatient.cancel()
    assert await patient == device
    assert asked == [key]


async def test_a_failure_is_not_remembered(parts: Parts, timer: Timer, monkeypatch: pytest.MonkeyPatch) -> None:
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


async def test_a_token_is_void_at_its_end_and_when_revoked(parts: Parts, identities: Identities) -> None:
    short, secret = await parts.tokens.create("short", "viewer", timedelta(seconds=2), actor="token:me")
    lasting, other = await parts.tokens.create("lasting", "viewer", None, actor="token:me")
    assert await identities.token(secret) == short
    assert await identities.token(other) == lasting

    parts.clock.advance(seconds=2)
    assert await identities.token(secret) is None
    await parts.tokens.revoke(lasting.id, actor="token:me")
    assert await identities.token(other) is None


async def test_closing_ends_look_ups_under_way(parts: Parts, identities: Identities, asked: Asked) -> None:
    _, key = await parts.registry.register(NewDevice("d"), actor="token:me")
    waiting = asyncio.create_task(identities.device(key))
    await asked.once.wait()
    await identities.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_all_can_be_forgotten(parts: Parts, identities: Identities, asked: Asked) -> None:
    _, key = await parts.registry.register(NewDevice("d"), actor="token:me")
    for _ in range(2):
        await identities.device(key)
        await identities.device("nobody's")
        identities.forget_all()
    assert asked == [key, "nobody's"] * 2


async def test_what_was_found_once_is_known_until_it_is_not_found(
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
