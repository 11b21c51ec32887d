"""Changes of accounts that wait for one subscriber."""

import asyncio

from iotflow_server.mqtt.accounts import MOST_CHANGES, AccountSubscription, ChangedAccounts


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
