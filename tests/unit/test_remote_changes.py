"""Commands that other processes changed are published here, or the subscribers learn that some are missing."""

from collections.abc import Awaitable, Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from iotflow_server.cluster.remote_changes import MOST_WAITING, RemoteCommandRelay
from iotflow_server.errors import Unavailable
from iotflow_server.streams.change_feed import ChangeFeed

PATIENCE = 10.0
GetMany = Callable[[Sequence[int]], Awaitable[list[Any]]]


def command(command_id: int) -> Any:
    return SimpleNamespace(id=command_id, device_id=1)


async def first_of(get_many: GetMany, changed: Sequence[int]) -> list[Any] | None:
    """What a subscriber receives first after the changes; None: a gap."""
    feed: ChangeFeed[Any] = ChangeFeed()
    commands: Any = SimpleNamespace(get_many=get_many, changes=feed)
    relay = RemoteCommandRelay(commands)
    with feed.subscribe(None, lambda _: True) as subscription:
        await relay.start()
        for command_id in changed:
            relay.add(command_id)
        await subscription.wait(PATIENCE)
        items, has_gap = subscription.take()
        await relay.close()
    assert items or has_gap
    return None if has_gap else list(items)


async def test_changed_commands_are_read_together_in_the_order_of_their_ids() -> None:
    asked = []

    async def get_many(ids: Sequence[int]) -> list[Any]:
        asked.append(list(ids))
        return [command(each) for each in ids]

    taken = await first_of(get_many, [3, 1, 2, 3])
    assert [each.id for each in taken or ()] == [1, 2, 3]
    assert asked == [[1, 2, 3]]


@pytest.mark.parametrize("error", [Unavailable("REGISTRY_UNAVAILABLE", "away"), RuntimeError("a defect")], ids=repr)
async def test_commands_that_cannot_be_read_are_a_gap(error: Exception) -> None:
    async def fail(_: Sequence[int]) -> list[Any]:
        raise error

    assert await first_of(fail, [1]) is None


@pytest.mark.parametrize(("count", "is_gap"), [(MOST_WAITING, False), (MOST_WAITING + 1, True)])
async def test_more_commands_than_may_wait_are_a_gap(count: int, is_gap: bool) -> None:
    async def get_many(ids: Sequence[int]) -> list[Any]:
        return [command(each) for each in ids[:1]]

    assert (await first_of(get_many, range(count)) is None) == is_gap
