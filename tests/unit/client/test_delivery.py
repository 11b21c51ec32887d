"""The order in which batches are sent, and what is on the way."""

import asyncio

import pytest

from iotflow import delivery as module
from iotflow.delivery import Delivery, Entry
from iotflow.queue_files import Record


def entry(sequence: int, segment: int | None = None) -> Entry:
    record = Record(sequence, 1, segment, 0, 10) if segment is not None else None
    return Entry(sequence, 1, 10, b"x" * 10, record)


def filled(window: int, *sequences: int) -> Delivery:
    delivery = Delivery(window)
    for sequence in sequences:
        delivery.add(entry(sequence))
    return delivery


async def passed(delivery: Delivery) -> list[int]:
    """Take everything that may be sent now."""
    found = list[int]()
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
    delivery.rewind()
    for sequence in (2, 3, 4, 5):
        assert await passed(delivery) == [sequence]
        delivery.acknowledge(sequence)
    assert await passed(delivery) == [6, 7]


async def test_the_oldest_batch_that_is_not_on_the_way_is_dropped() -> None:
    delivery = filled(9, 1, 2, 3)
    assert await passed(delivery) == [1]
    assert delivery.drop_oldest() == 1
    delivery.acknowledge(1)
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
    await waiting
