"""100,000 messages of QoS 1 and 2 without a time while endpoint, server and store are killed in any order: each is stored once."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from tests.faults.database import Database
from tests.faults.service import LoadedServer
from tests.support.mqtt import EMBEDDED, Part, Stack, mqtt_stack
from tests.support.untimed_messages import UntimedMessages

DEVICES, EACH, FAULTS = 50, 2_000, 10


class Kills:
    """Kills and restarts of the endpoint, of the server and of the store. database: None: the store ends with the server."""

    def __init__(self, stack: Stack, adapter: Part, database: Database | None) -> None:
        self._stack = stack
        self._adapter = adapter
        self._database = database

    def some(self, random: Random) -> list[Callable[[], Awaitable[None]]]:
        """FAULTS of them in any order."""
        kinds = [self._kill_endpoint, self._kill_server, self._kill_all]
        return [random.choice(kinds) for _ in range(FAULTS)]

    async def _kill_endpoint(self) -> None:
        self._adapter.kill()
        await asyncio.to_thread(self._adapter.start)

    async def _kill_server(self) -> None:
        self._stack.server.kill()
        await asyncio.to_thread(self._stack.server.start)

    async def _kill_all(self) -> None:
        self._adapter.kill()
        self._stack.server.kill()
        if self._database:
            await self._database.kill()
            await self._database.start()
        await asyncio.to_thread(self._stack.server.start)
        await asyncio.to_thread(self._adapter.start)


@pytest.fixture(params=["sqlite", "iotdb"])
def chosen(request: pytest.FixtureRequest) -> Database | None:
    """The IoTDB; None: the store is SQLite."""
    database: Database | None = request.getfixturevalue("iotdb") if request.param == "iotdb" else None
    return database


@pytest.fixture
async def database(chosen: Database | None) -> Database | None:
    """The running IoTDB, empty."""
    if chosen:
        await chosen.start()
        await chosen.empty()
    return chosen


@pytest.fixture
def stack(database: Database | None, tmp_path: Path) -> Iterator[Stack]:
    with mqtt_stack(tmp_path, EMBEDDED, telemetry=database.url if database else "sqlite") as running:
        yield running


@pytest.mark.timeout(900)
async def test_a_message_is_stored_once_while_processes_are_killed(
    stack: Stack, database: Database | None, random: Random
) -> None:
    adapter = stack.adapter()
    adapter.start()
    messages = UntimedMessages(stack, [stack.port], DEVICES, EACH)
    await messages.publish(Kills(stack, adapter, database).some(random))
    await LoadedServer(stack.server, random).caught_up()
    messages.check()
    assert sum(client.resent for client in messages.clients)
    assert not any(client.forgotten for client in messages.clients)
