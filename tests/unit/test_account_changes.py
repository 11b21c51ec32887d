"""Changes of accounts that wait for one subscriber."""

import asyncio
from typing import Any

import pytest

from iotflow_server.devices.registry import Registry
from iotflow_server.mqtt.accounts import MOST_CHANGES, Accounts, AccountSubscription, ChangedAccounts

# Nothing is queried, and no key is made.
UNUSED: Any = None
PATIENCE = 10.0


@pytest.mark.parametrize(
    ("publish", "received"),
    [
        (lambda registry, _: registry.changed(7), ChangedAccounts([7], range(0))),
        (lambda registry, _: registry.imported(7, 9), ChangedAccounts([], range(7, 10))),
        (lambda _, accounts: accounts.mark_gap(), None),
    ],
    ids=["a change", "an import", "a gap"],
)
async def test_each_subscriber_receives_what_happens_until_it_unsubscribes(
    publish: Any, received: ChangedAccounts | None
) -> None:
    registry = Registry(UNUSED, UNUSED)
    accounts = Accounts(UNUSED, registry)
    first, second, gone = (accounts.subscribe() for _ in range(3))
    accounts.unsubscribe(gone)
    publish(registry, accounts)
    async with asyncio.timeout(PATIENCE):
        assert [await first.next(), await second.next()] == [received, received]
    gone.add(1)
    assert await gone.next() == ChangedAccounts([1], range(0))


async def test_ranges_of_an_import_take_the_place_of_one() -> None:
    subscription = AccountSubscription()
    for first in (1_000, 2_000, 500):
        subscription.add_imported(range(first, first + 900))
    subscription.add(7)
    assert await subscription.next() == ChangedAccounts([7], range(500, 2_900))
    subscription.add(8)
    assert await subscription.next() == ChangedAccounts([8], range(0))


async def test_a_gap_takes_the_place_of_all_changes() -> None:
    subscription = AccountSubscription()
    subscription.add_imported(range(1, 5))
    for device_id in range(MOST_CHANGES + 1):
        subscription.add(device_id)
    assert await subscription.next() is None
    subscription.add(3)
    assert await subscription.next() == ChangedAccounts([3], range(0))


async def test_each_change_is_returned_once() -> None:
    subscription = AccountSubscription()
    subscription.add(7)
    assert await subscription.next() == ChangedAccounts([7], range(0))
    waiting = asyncio.create_task(subscription.next())
    await asyncio.sleep(0)
    assert not waiting.done()
    subscription.add(8)
    assert await waiting == ChangedAccounts([8], range(0))
