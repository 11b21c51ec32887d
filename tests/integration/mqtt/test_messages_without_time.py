"""Messages without a time are stored once while the endpoint and the server are killed, whatever the order."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from random import Random, SystemRandom

import pytest

from tests.support.mqtt import EMBEDDED, Part, Stack, mqtt_stack
from tests.support.untimed_messages import UntimedMessages

DEVICES, MESSAGES = 4, 1_000


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    with mqtt_stack(tmp_path, EMBEDDED) as running:
        yield running


@pytest.mark.timeout(120)
async def test_a_message_is_stored_once_while_processes_are_killed(stack: Stack) -> None:
    adapter = stack.adapter()
    adapter.start()
    messages = UntimedMessages(stack, [stack.port], DEVICES, MESSAGES)
    seed = SystemRandom().randrange(2**31)
    print(f"seed {seed}")  # noqa: T201 - shown where the test fails
    order = Random(seed).sample(["endpoint", "server", "both", "endpoint", "server"], 5)  # noqa: S311

    async def endpoint() -> None:
        await asyncio.to_thread(_restart, adapter)

    async def server() -> None:
        stack.server.kill()
        await asyncio.to_thread(stack.server.start)

    async def both() -> None:
        stack.server.kill()
        adapter.kill()
        await asyncio.to_thread(stack.server.start)
        await asyncio.to_thread(adapter.start)

    faults = {"endpoint": endpoint, "server": server, "both": both}
    await messages.publish([faults[name] for name in order])
    messages.check()
    assert sum(client.resent for client in messages.clients)
    assert not any(client.forgotten for client in messages.clients)


def _restart(part: Part) -> None:
    part.kill()
    part.start()
