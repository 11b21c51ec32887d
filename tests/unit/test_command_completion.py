"""SendCommand waits for the end of its command, at most for the requested time."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from iotflow_server.commands.command import Command
from iotflow_server.errors import Unavailable
from iotflow_server.rpc.commands.watch import CommandCompletion
from iotflow_server.streams.active_streams import ActiveStreams
from iotflow_server.streams.change_feed import ChangeFeed, ChangeSubscription

PATIENCE, LONG = 10.0, 3_600.0
PRINCIPAL: Any = SimpleNamespace(name="admin", key=None, valid_until=None)
SENT = Command(7, 1, "x", {}, "queued", datetime(2026, 1, 31, tzinfo=UTC), None, None, None, None, None)
DELIVERED, DONE = replace(SENT, state="delivered"), replace(SENT, state="succeeded")
OTHER = replace(DONE, id=8)


class StoredCommands:
    """The commands of a database that has one. read: the number of queries."""

    def __init__(self, stored: Command) -> None:
        self.changes = ChangeFeed[Command]()
        self.stored = stored
        self.read = 0

    async def get(self, command_id: int) -> Command:
        assert command_id == self.stored.id
        self.read += 1
        return self.stored


class Events(ChangeSubscription[Command]):
    """The subscription of a caller to whom something happens in each of its waits, before the time is over. waits: in seconds."""

    def __init__(self, *events: Any) -> None:
        super().__init__(lambda change: not change.is_open)
        self.waits: list[float] = []
        self._events = iter(events)

    async def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        next(self._events)(self)
        await super().wait(seconds)


def published(command: Command) -> Any:
    """A change of a command."""
    return lambda subscription: subscription.offer(command)


def lost(subscription: Events) -> None:
    """Changes may have been lost."""
    subscription.mark_gap()


@pytest.mark.parametrize(
    ("events", "stored", "read"),
    [
        ([published(DONE)], SENT, 0),
        ([published(OTHER), published(DONE)], SENT, 0),
        ([lost], DONE, 1),
        ([lost, published(DONE)], DELIVERED, 1),
    ],
    ids=["its end", "the end of another command", "a gap", "a gap before its end"],
)
async def test_the_wait_goes_on_until_the_command_has_ended(events: list[Any], stored: Command, read: int) -> None:
    """Each time for all that is left."""
    commands: Any = StoredCommands(stored)
    subscription = Events(*events)
    async with asyncio.timeout(PATIENCE):
        ended = await CommandCompletion(commands, ActiveStreams()).wait(SENT, subscription, PRINCIPAL, LONG)
    assert (ended, commands.read) == (DONE, read)
    assert subscription.waits == [pytest.approx(LONG, abs=PATIENCE)] * len(events)


async def test_a_command_that_has_not_ended_in_time_has_its_current_state() -> None:
    commands: Any = StoredCommands(DELIVERED)
    completion = CommandCompletion(commands, ActiveStreams())
    with completion.subscribe(SENT.device_id) as subscription:
        async with asyncio.timeout(PATIENCE):
            assert await completion.wait(SENT, subscription, PRINCIPAL, 0.001) == DELIVERED


async def test_the_end_of_the_server_ends_the_wait() -> None:
    commands: Any = StoredCommands(DELIVERED)
    streams = ActiveStreams()

    def end(_: Events) -> None:
        for stream in streams:
            stream.end(Unavailable("ENDED", "ended"))

    subscription = Events(end)
    async with asyncio.timeout(PATIENCE):
        assert await CommandCompletion(commands, streams).wait(SENT, subscription, PRINCIPAL, LONG) == DELIVERED
    assert len(streams) == 0
