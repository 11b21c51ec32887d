"""The cache of devices by id."""

import asyncio

import pytest

from iotflow_server.devices.device import Device, DeviceChanges
from iotflow_server.devices.device_cache import DeviceCache
from tests.integration.registry.parts import Parts


class Registry:
    """The real registry with delayed results. asked: number of queries. has_looked: set when a query has its result."""

    def __init__(self, parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked = 0
        self.has_looked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self._get = parts.registry.get
        monkeypatch.setattr(parts.registry, "get", self.get)

    async def get(self, device_id: int) -> Device:
        self.asked += 1
        device = await self._get(device_id)
        self.has_looked.set()
        await self.may_answer.wait()
        return device


@pytest.fixture
def registry(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> Registry:
    return Registry(parts, monkeypatch)


async def test_a_device_is_queried_once_within_its_lifetime(parts: Parts, registry: Registry) -> None:
    device = await parts.make()
    now = 0.0
    device_cache = DeviceCache(parts.registry, ttl=5, clock=lambda: now)
    assert [await device_cache.get(device.id) for _ in range(3)] == [device] * 3
    assert registry.asked == 1
    now = 5.0
    await device_cache.get(device.id)
    assert registry.asked == 2


async def test_changes_by_this_process_are_visible_at_once(parts: Parts, registry: Registry) -> None:
    device = await parts.make()
    device_cache = DeviceCache(parts.registry, ttl=5)
    await device_cache.get(device.id)
    changed = await parts.registry.update(device.id, DeviceChanges(status="inactive"), actor="token:me")
    assert await device_cache.get(device.id) == changed
    device_cache.forget_all()
    await device_cache.get(device.id)
    assert registry.asked == 3


async def test_a_result_older_than_a_change_is_not_cached(parts: Parts, registry: Registry) -> None:
    device = await parts.make()
    device_cache = DeviceCache(parts.registry, ttl=5)
    registry.may_answer.clear()
    early = asyncio.create_task(device_cache.get(device.id))
    await registry.has_looked.wait()
    changed = await parts.registry.update(device.id, DeviceChanges(status="inactive"), actor="token:me")
    registry.may_answer.set()
    await early
    assert await device_cache.get(device.id) == changed


async def test_a_result_older_than_the_loss_of_contact_with_other_processes_is_not_cached(
    parts: Parts, registry: Registry
) -> None:
    device = await parts.make()
    device_cache = DeviceCache(parts.registry, ttl=5)
    registry.may_answer.clear()
    early = asyncio.create_task(device_cache.get(device.id))
    await registry.has_looked.wait()
    device_cache.forget_all()
    registry.may_answer.set()
    await early
    await device_cache.get(device.id)
    assert registry.asked == 2
