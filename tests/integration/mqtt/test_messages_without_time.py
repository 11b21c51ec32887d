"""Messages without a time are stored once while the endpoint and the server are killed, whatever the order."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from random import Random, SystemRandom

import pytest

from tests.support import raw_mqtt as raw
from tests.support.mqtt import EMBEDDED, Part, Stack, mqtt_stack
from tests.support.untimed_messages import UntimedMessages

DEVICES, MESSAGES = 4, 1_000
QOS_1, DUP = 0x02, 0x08


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


def test_a_client_may_use_an_identifier_again(stack: Stack) -> None:
    """A message is another one than an earlier message with the same identifier and content, once the client has the acknowledgement
    of that one: it may arrive as a repetition of a delivery that was lost."""
    stack.adapter().start()
    device = stack.register("one identifier")
    topic = f"iotflow/devices/{device.id}/telemetry"

    def send(flags: int) -> None:
        """Publish in a connection of its own."""
        with raw.connected(stack.port, str(device.id), device.key, client_id="one", clean=False) as connection:
            connection.sendall(raw.publish(topic, b'{"n": 1}', flags, 1))
            assert connection.recv(4) == raw.packet(0x40, b"\0\1")

    with raw.connected(stack.port, str(device.id), device.key, client_id="one", clean=False) as connection:
        connection.sendall(raw.publish(topic, b'{"n": 1}', QOS_1, 1))
        assert connection.recv(4) == raw.packet(0x40, b"\0\1")
        # The endpoint checks once in a second what has arrived.
        assert not raw.is_closed(connection, 3.0)
    send(QOS_1 | DUP)
    assert len(stack.readings(device.id)) == 2
    send(QOS_1 | DUP)
    assert len(stack.readings(device.id)) == 2
