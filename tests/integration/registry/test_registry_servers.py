"""Servers that share a registry have numbers of their own."""

import asyncio
from datetime import timedelta

import pytest

from iotflow_server.devices.database import Database
from iotflow_server.devices.servers import FORGOTTEN, MOST_SERVERS, server_number
from iotflow_server.shared.arrival import FIRST, OTHERS
from iotflow_server.starting import CannotStart
from tests.integration.registry.parts import Clock


async def test_each_has_its_own_at_every_start(database: Database, clock: Clock) -> None:
    names = [f"server {number}" for number in range(MOST_SERVERS)]
    first = await asyncio.gather(*(server_number(database, name, clock) for name in names))
    assert sorted(first) == list(range(1, len(FIRST) + OTHERS + 1))
    assert [await server_number(database, name, clock) for name in names] == list(first)
    with pytest.raises(CannotStart, match="11 servers"):
        await server_number(database, "one more", clock)


async def test_that_of_a_server_that_is_gone_for_long_goes_to_another(database: Database, clock: Clock) -> None:
    assert [await server_number(database, name, clock) for name in "ab"] == [1, 2]
    clock.now += FORGOTTEN - timedelta(days=1)
    assert await server_number(database, "b", clock) == 2
    clock.now += timedelta(days=2)
    assert [await server_number(database, name, clock) for name in "cab"] == [1, 3, 2]
