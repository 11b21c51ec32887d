"""The order in which batches are sent, and what is on the way."""

import asyncio
import sys
from collections.abc import Awaitable

import pytest

from iotflow import delivery as module
from iotflow.delivery import MEMORY_BYTES, Delivery, Entry
from iotflow.queue_records import Record

PATIENCE = 5.0


def entry(sequence: int, segment: int | None = None) -> Entry:
    record = Record(sequence, 1, segment, 0, 10) if segment is not None else None
    return Entry(sequence, 1, 10, b"x" * 10, record)


def filled(window: int, *sequences: int) -> Delivery:
    delivery = Delivery(window)
    for sequence in sequences:
        delivery.add(entry(sequence))
    return delivery


async def within(waiting: Awaitable[None]) -> None:
    async with asyncio.timeout(PATIENCE):
        await waiting


async def passed(delivery: Delivery) -> list[int]:
    """Take everything that may be sent now."""
    found = list[int]()
    async with asyncio.timeout(PATIENCE):
        while True:
            following = asyncio.create_task(delivery.next())
            # Without a wait it is done after one turn of the loop.
            await asyncio.sleep(0)
            if not following.done():
                following.cancel()
                return found
            found.append(following.result().sequence)


async def test_the_first_batch_of_a_connection_goes_alone_and_then_a_window() -> None:
    delivery = filled(3, *range(1, 10))
    assert await passed(delivery) == [1]
    delivery.acknowledge(1)
    assert await passed(delivery) == [2, 3, 4]
    delivery.acknowledge(3)
    assert await passed(delivery) == [5, 6]


async def test_a_new_connection_begins_with_the_oldest() -> None:
    delivery = filled(3, *range(1, 5))
    await passed(delivery)
    delivery.acknowledge(1)
    await passed(delivery)
    delivery.rewind()
    assert await passed(delivery) == [2]


async def test_repeated_and_older_acknowledgements_have_no_effect() -> None:
    delivery = filled(9, 1, 2, 3)
    await passed(delivery)
    delivery.acknowledge(1)
    await passed(delivery)
    for sequence in (1, 0, 1):
        delivery.acknowledge(sequence)
    assert len(delivery) == 2


async def test_suspects_go_one_at_a_time_until_they_are_settled() -> None:
    delivery = filled(9, 1, 2, 3, 4, 5)
    await passed(delivery)
    delivery.acknowledge(1)
    assert await passed(delivery) == [2, 3, 4, 5]
    delivery.suspect()
    delivery.add(entry(6))
    delivery.add(entry(7))
    assert await passed(delivery) == []
    delivery.rewind()
    for sequence in (2, 3, 4, 5):
        assert await passed(delivery) == [sequence]
        delivery.acknowledge(sequence)
    assert await passed(delivery) == [6, 7]


async def test_the_oldest_batch_that_is_not_on_the_way_is_dropped() -> None:
    delivery = filled(9, 1, 2, 3)
    assert await passed(delivery) == [1]
    assert delivery.drop_oldest() == 1
    # An older one is still on the way.
    assert delivery.settled == 0
    delivery.acknowledge(1)
    assert delivery.settled == 1
    assert await passed(delivery) == [3]
    assert delivery.drop_oldest() == 0


def test_a_segment_is_deleted_when_nothing_in_it_is_needed_and_another_is_written() -> None:
    delivery = Delivery(9)
    for sequence, segment in ((1, 1), (2, 1), (3, 3)):
        delivery.add(entry(sequence, segment))
    delivery.drop_oldest()
    assert delivery.take_removed() == (1, [])
    delivery.drop_oldest()
    assert delivery.take_removed() == (2, [1])
    delivery.drop_oldest()
    assert delivery.take_removed() == (3, [])
    delivery.release_newest_segment()
    assert delivery.take_removed() == (0, [3])


def test_only_segments_of_the_queue_are_deleted() -> None:
    delivery = Delivery(9)
    delivery.add(entry(5, 4))
    delivery.drop_oldest()
    assert delivery.take_removed() == (5, [])


def test_what_was_removed_is_reported_once() -> None:
    delivery = Delivery(9)
    assert (delivery.has_removed, delivery.has_dead_segments, delivery.take_removed()) == (False, False, (0, []))
    for sequence, segment in ((1, 1), (2, 2)):
        delivery.add(entry(sequence, segment))
    assert (delivery.has_removed, delivery.has_dead_segments) == (False, False)
    delivery.release_newest_segment()
    delivery.drop_oldest()
    assert (delivery.has_removed, delivery.has_dead_segments, delivery.take_removed()) == (True, True, (1, [1]))
    assert (delivery.has_removed, delivery.has_dead_segments, delivery.take_removed()) == (False, False, (0, []))
    delivery.drop_oldest()
    assert (delivery.has_removed, delivery.has_dead_segments, delivery.take_removed()) == (True, False, (2, []))
    delivery.release_newest_segment()
    assert (delivery.has_removed, delivery.has_dead_segments, delivery.take_removed()) == (True, True, (0, [2]))
    delivery.release_newest_segment()
    assert not delivery.has_removed


@pytest.mark.parametrize(("first", "second"), [(1, 3), (3, 1)])
def test_an_unneeded_segment_is_deleted_as_soon_as_another_one_is_written(first: int, second: int) -> None:
    delivery = Delivery(9)
    delivery.add(entry(1, first))
    delivery.drop_oldest()
    delivery.add(entry(2, first))
    delivery.drop_oldest()
    assert delivery.take_removed() == (2, [])
    delivery.add(entry(3, second))
    assert delivery.take_removed() == (0, [first])


def test_the_store_learns_of_each_removal() -> None:
    delivery, removals = filled(9, 1, 2), list[int]()
    delivery.on_removed = lambda: removals.append(delivery.settled)
    delivery.drop_oldest()
    delivery.drop_oldest()
    assert removals == [1, 2]


@pytest.fixture
def two_payloads_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """At most two payloads of a queue on disk are also kept in memory."""
    monkeypatch.setattr(module, "MEMORY_BYTES", 20)


def are_in_memory(entries: list[Entry]) -> list[bool]:
    return [bool(one.payload) for one in entries]


def added(delivery: Delivery, entries: list[Entry]) -> list[Entry]:
    for one in entries:
        delivery.add(one)
    return entries


@pytest.mark.usefixtures("two_payloads_in_memory")
def test_as_many_payloads_are_kept_in_memory_after_batches_whose_payload_was_on_disk_only() -> None:
    delivery = Delivery(9)
    for sequence in range(1, 100, 3):
        entries = added(delivery, [entry(sequence + number, 1) for number in range(3)])
        assert are_in_memory(entries) == [True, True, False]
        for _ in entries:
            delivery.drop_oldest()


@pytest.mark.usefixtures("two_payloads_in_memory")
def test_batches_that_were_read_from_the_disk_take_no_memory() -> None:
    delivery = Delivery(9)
    for sequence in (1, 2, 3):
        delivery.add(Entry(sequence, 1, 10, b"", Record(sequence, 1, 1, 0, 10)))
    for _ in range(3):
        delivery.drop_oldest()
    assert are_in_memory(added(delivery, [entry(sequence, 1) for sequence in (4, 5, 6)])) == [True, True, False]


@pytest.mark.usefixtures("two_payloads_in_memory")
def test_batches_without_a_place_on_the_disk_always_keep_their_payload() -> None:
    delivery = Delivery(9)
    assert are_in_memory(added(delivery, [entry(sequence) for sequence in (1, 2, 3)])) == [True] * 3
    for _ in range(3):
        delivery.drop_oldest()
    assert are_in_memory(added(delivery, [entry(sequence, 1) for sequence in (4, 5, 6)])) == [True, True, False]


async def test_the_end_releases_all_who_wait() -> None:
    delivery = filled(1, 1)
    waiting = asyncio.create_task(delivery.wait_until(lambda: not len(delivery)))
    await asyncio.sleep(0)
    delivery.end()
    await within(waiting)


async def test_only_conditions_that_do_not_hold_are_waited_for_and_nothing_after_the_end() -> None:
    delivery = filled(1, 1)
    await within(delivery.wait_until(lambda: True))
    delivery.end()
    await within(delivery.wait_until(lambda: False))


def test_a_queue_is_settled_up_to_the_batch_before_its_oldest() -> None:
    delivery = filled(1, 4, 5)
    assert [delivery.is_settled(sequence) for sequence in (2, 3, 4, 5, 6)] == [True, True, False, False, False]
    assert Delivery(1).is_settled(1)


async def test_a_batch_that_was_dropped_meanwhile_is_not_passed() -> None:
    delivery = Delivery(1)
    following = asyncio.create_task(delivery.next())
    await asyncio.sleep(0)
    delivery.add(entry(1))
    delivery.drop_oldest()
    await asyncio.sleep(0)
    delivery.add(entry(2))
    assert (await asyncio.wait_for(following, PATIENCE)).sequence == 2


async def test_any_number_of_batches_may_be_dropped_before_one_is_passed() -> None:
    delivery = Delivery(1)
    following = asyncio.create_task(delivery.next())
    await asyncio.sleep(0)
    last = sys.getrecursionlimit()
    for sequence in range(1, last):
        delivery.add(entry(sequence))
        delivery.drop_oldest()
        await asyncio.sleep(0)
    delivery.add(entry(last))
    assert (await asyncio.wait_for(following, PATIENCE)).sequence == last


async def test_an_acknowledgement_of_nothing_lets_no_more_batches_go() -> None:
    delivery = filled(9, 3, 4)
    assert await passed(delivery) == [3]
    delivery.acknowledge(0)
    delivery.acknowledge(2)
    assert await passed(delivery) == []
    delivery.acknowledge(3)
    assert await passed(delivery) == [4]


async def test_rows_of_the_batches_on_the_way_are_counted_up_to_a_sequence() -> None:
    delivery = filled(3, 1, 2, 3, 4, 5)
    await passed(delivery)
    delivery.acknowledge(1)
    assert await passed(delivery) == [2, 3, 4]
    assert [delivery.rows_up_to(sequence) for sequence in (1, 2, 3, 4, 5)] == [0, 1, 2, 3, 3]
    assert delivery.on_the_way == 3


async def test_a_batch_on_the_way_that_cannot_be_read_is_removed() -> None:
    delivery = filled(3, 1, 2, 3)
    await passed(delivery)
    delivery.acknowledge(1)
    unreadable, _ = await delivery.next(), await delivery.next()
    delivery.remove(unreadable)
    assert (unreadable.sequence, delivery.on_the_way, delivery.oldest().sequence) == (2, 1, 3)
    assert (delivery.rows, delivery.bytes, delivery.settled) == (1, 10, 2)


async def test_a_batch_that_cannot_be_read_makes_room_for_the_next_one() -> None:
    delivery = filled(1, 1, 2)
    unreadable = await delivery.next()
    waiting = asyncio.create_task(delivery.wait_until(lambda: len(delivery) == 1))
    await asyncio.sleep(0)
    delivery.remove(unreadable)
    assert await passed(delivery) == [2]
    await within(waiting)


async def test_the_oldest_batch_on_the_way_is_given_up() -> None:
    delivery = filled(3, 1, 2)
    await passed(delivery)
    assert delivery.oldest().sequence == 1
    assert delivery.remove_oldest().sequence == 1
    assert (delivery.on_the_way, delivery.settled, delivery.rows) == (0, 1, 1)
    # No batch of this connection was acknowledged.
    assert await passed(delivery) == [2]


def stored(sequence: int, size: int) -> Entry:
    return Entry(sequence, 1, size, b"x" * size, Record(sequence, 1, 1, 0, size))


def test_payloads_stay_in_memory_up_to_the_limit() -> None:
    delivery, half = Delivery(9), 2 * 2**20
    entries = [stored(1, half), stored(2, half), stored(3, 1)]
    for one in entries:
        delivery.add(one)
    assert [bool(one.payload) for one in entries] == [True, True, False]
    assert delivery.bytes == 4 * 2**20 + 1
    delivery.drop_oldest()
    following = [stored(4, half), stored(5, 1)]
    for one in following:
        delivery.add(one)
    assert [bool(one.payload) for one in following] == [True, False]


def test_a_payload_that_exceeds_the_limit_together_with_others_stays_on_the_disk() -> None:
    assert are_in_memory(added(Delivery(9), [stored(1, 3 * 2**20), stored(2, 3 * 2**20)])) == [True, False]


def test_payloads_that_only_the_memory_has_stay_there() -> None:
    delivery = Delivery(9)
    one = Entry(1, 1, MEMORY_BYTES + 1, b"x", None)
    delivery.add(one)
    assert one.payload


async def test_one_who_no_longer_waits_does_not_hold_up_the_others() -> None:
    delivery = filled(1, 1)
    leaving, staying = (asyncio.create_task(delivery.wait_until(lambda: not len(delivery))) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    await passed(delivery)
    delivery.acknowledge(1)
    await within(staying)
    assert leaving.cancelled()
