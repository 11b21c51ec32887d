"""Servers that share a registry have numbers of their own."""

import asyncio
from datetime import timedelta

import pytest

from iotflow_server.cluster.server_numbers import FORGOTTEN, MOST_SERVERS, ServerNumber, server_number
from iotflow_server.cluster.timestamps import FIRST, OTHERS
from iotflow_server.db.database import Database
from iotflow_server.process import CannotStart
from tests.integration.registry.parts import Clock


async def test_each_server_has_its_number_at_every_start(database: Database, clock: Clock) -> None:
    names = [f"server {number}" for number in range(MOST_SERVERS)]
    first = await asyncio.gather(*(server_number(database, name, clock) for name in names))
    assert sorted(first) == list(range(1, len(FIRST) + OTHERS + 1))
    assert [await server_number(database, name, clock) for name in names] == list(first)
    with pytest.raises(CannotStart, match="11 servers"):
        await server_number(database, "one more", clock)


async def test_the_number_of_a_server_that_is_gone_for_long_is_reused(database: Database, clock: Clock) -> None:
    assert [await server_number(database, name, clock) for name in "ab"] == [1, 2]
    clock.now += FORGOTTEN - timedelta(minutes=1)
    assert await server_number(database, "b", clock) == 2
    clock.now += timedelta(minutes=2)
    assert [await server_number(database, name, clock) for name in "cab"] == [1, 3, 2]


async def test_a_running_server_keeps_its_number(database: Database, clock: Clock) -> None:
    numbers: list[int] = []
    number = ServerNumber(database, "a", clock)
    await number.start(numbers.append)
    for _ in range(3):
        clock.now += FORGOTTEN - timedelta(minutes=1)
        await number.renew(numbers.append)
    assert await server_number(database, "b", clock) == 2
    await number.close()
    assert numbers == [1]


async def test_servers_with_a_new_name_at_each_start_get_a_number(database: Database, clock: Clock) -> None:
    for start in range(3 * MOST_SERVERS):
        assert await server_number(database, f"container {start}", clock) <= 2
        clock.now += FORGOTTEN * 0.6


async def test_a_server_whose_number_was_reused_gets_another(database: Database, clock: Clock) -> None:
    numbers: list[int] = []
    number = ServerNumber(database, "a", clock)
    await number.start(numbers.append)
    clock.now += FORGOTTEN + timedelta(minutes=1)
    assert await server_number(database, "b", clock) == 1
    await number.renew(numbers.append)
    await number.close()
    assert numbers == [1, 2]
