"""A stream of responses reads the database at first, after a gap, and regularly."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from iotflow_server.errors import Unavailable
from iotflow_server.streams.active_streams import ActiveStream
from iotflow_server.streams.change_feed import ChangeFeed, PolledChanges

PATIENCE, LONG = 10.0, 3_600.0
CHANGE: Any = SimpleNamespace(device_id=1)
PRINCIPAL: Any = SimpleNamespace()


async def test_the_database_is_read_at_first_after_a_gap_and_on_request() -> None:
    feed = ChangeFeed[Any]()
    with feed.subscribe(1, lambda _: True) as subscription:
        changes = PolledChanges(subscription, ActiveStream(PRINCIPAL), LONG)
        async with asyncio.timeout(PATIENCE):
            assert await changes.next() == ([], True)
            feed.publish([CHANGE])
            assert await changes.next() == ([CHANGE], False)
            feed.mark_gap(1)
            assert await changes.next() == ([], True)
            subscription.wake()
            assert await changes.next() == ([], False)
            changes.read_next()
            assert await changes.next() == ([], True)


async def test_the_database_is_read_regularly() -> None:
    with ChangeFeed[Any]().subscribe(1, lambda _: True) as subscription:
        changes = PolledChanges(subscription, ActiveStream(PRINCIPAL), 0.001)
        async with asyncio.timeout(PATIENCE):
            reads = 0
            while reads < 3:
                found, is_due = await changes.next()
                assert not found
                reads += is_due


async def test_the_end_of_the_stream_ends_the_wait() -> None:
    stream = ActiveStream(PRINCIPAL)
    with ChangeFeed[Any]().subscribe(1, lambda _: True) as subscription:
        changes = PolledChanges(subscription, stream, LONG)
        async with asyncio.timeout(PATIENCE):
            await changes.next()
            asyncio.get_running_loop().call_soon(stream.end, Unavailable("ENDED", "ended"))
            assert await changes.next() == ([], False)
            with pytest.raises(Unavailable, match="ended"):
                await changes.next()
