"""Messages without a time, published by devices that send again what was not acknowledged, while parts of the service are killed."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from itertools import count, cycle

from iotflow_gateway.mqtt import Version
from tests.support.mqtt import Device, Stack
from tests.support.resending_client import ResendingClient

NUMBERS = count(1)
VERSIONS = (Version.V3_1_1, Version.V5)


class UntimedMessages:
    """devices: publish `each` messages, numbered from 0, at the endpoints of these ports."""

    def __init__(self, stack: Stack, ports: Sequence[int], devices: int, each: int) -> None:
        self._stack = stack
        self._each = each
        self._changed = asyncio.Event()
        self._devices = [stack.register(f"resending {next(NUMBERS)}") for _ in range(devices)]
        self.clients = [
            ResendingClient(ports, (str(one.id), one.key), version, on_acknowledged=self._changed.set)
            for one, version in zip(self._devices, cycle(VERSIONS), strict=False)
        ]

    async def publish(self, faults: Sequence[Callable[[], Awaitable[None]]]) -> None:
        """Publish all messages, while the faults happen one after the other."""
        payloads = [f'{{"n": {number}}}'.encode() for number in range(self._each)]
        async with asyncio.TaskGroup() as tasks:
            for device, client in zip(self._devices, self.clients, strict=True):
                topic = f"iotflow/devices/{device.id}/telemetry"
                tasks.create_task(client.publish_all(topic, payloads))
            tasks.create_task(self._injure(faults))

    def check(self) -> None:
        """Assert that each message is stored once."""
        for device in self._devices:
            self._check(device)

    def _check(self, device: Device) -> None:
        stored = Counter(reading["n"] for reading in self._stack.readings(device.id).values())
        lost = set(range(self._each)) - stored.keys()
        twice = {number for number, times in stored.items() if times > 1}
        assert (lost, twice, len(stored)) == (set(), set(), self._each)

    async def _injure(self, faults: Sequence[Callable[[], Awaitable[None]]]) -> None:
        """Each fault happens when its part of the messages is acknowledged."""
        total = self._each * len(self.clients)
        for number, fault in enumerate(faults, 1):
            while sum(client.acknowledged for client in self.clients) < total * number // (len(faults) + 1):
                self._changed.clear()
                await self._changed.wait()
            await fault()
