"""What the queue does with a batch that does not fit, into its limit or onto the disk."""

import asyncio
import errno
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from iotflow import queue as queue_module
from iotflow.batches import encode_batch
from iotflow.delivery import Delivery, Entry
from iotflow.errors import ServerError
from iotflow.policy import DropReason, Policy
from iotflow.queue import BatchQueue, QueueEnded
from iotflow.queue_records import Record
from iotflow.v1.telemetry_pb2 import TelemetryBatch

PATIENCE = 5.0
NO_SPACE = OSError(errno.ENOSPC, "No space left on device")
DISK_FULL, QUEUE_FULL = DropReason.DISK_FULL, DropReason.QUEUE_FULL


def batch(rows: int = 1) -> TelemetryBatch:
    return encode_batch(list(range(1, rows + 1)), {"a": [1.0] * rows})


# All numbers of a test have one byte, so that batches of the same number of rows have the same size.
SIZE = len(TelemetryBatch(sequence=1).SerializeToString()) + len(batch().SerializeToString())


class Disk:
    """A store with segments of two batches. room: number of batches that it takes; a deleted segment gives its part back, if
    `is_reclaiming`. errors: of the next writes, before anything is written."""

    def __init__(self, room: int = 100, *, is_reclaiming: bool = True) -> None:
        self.room = room
        self.errors: list[Exception] = []
        self.writes = 0
        self.kept: list[int] = []
        self.acknowledged = 0
        self.deleted: list[int] = []
        self.is_closed = False
        self.written = asyncio.Event()
        self.may_write = asyncio.Event()
        self.may_write.set()
        self._is_reclaiming = is_reclaiming

    async def write(self, entries: list[Entry]) -> OSError | None:
        await self.may_write.wait()
        self.writes += 1
        self.written.set()
        if self.errors:
            error = self.errors.pop(0)
            if isinstance(error, OSError):
                return error
            raise error
        for entry in entries:
            if not self.room:
                return NO_SPACE
            self.room -= 1
            segment = entry.sequence - (entry.sequence - 1) % 2
            entry.record = Record(entry.sequence, entry.rows, segment, 0, entry.size)
            self.kept.append(entry.sequence)
        return None

    async def read(self, entry: Entry) -> bytes:
        return entry.payload

    async def remove(self, acknowledged: int, segments: list[int]) -> None:
        self.acknowledged = max(self.acknowledged, acknowledged)
        self.deleted.extend(segments)
        self.room += 2 * len(segments) if self._is_reclaiming else 0

    async def close(self) -> None:
        self.is_closed = True


class Queue:
    """A queue, its delivery and the rows that it dropped."""

    def __init__(self, policy: Policy, limit: int, disk: Disk | None) -> None:
        self.dropped: list[tuple[int, DropReason]] = []
        self.delivery = Delivery(9)
        self.queue = BatchQueue(
            self.delivery, store=disk, limit=limit, policy=policy, last_sequence=0, on_dropped=self.drop
        )

    def drop(self, rows: int, reason: DropReason) -> None:
        self.dropped.append((rows, reason))

    async def put(self, rows: int = 1) -> None:
        """Add a batch, and wait until the store has it."""
        if stored := await self.queue.put(batch(rows)):
            await stored

    async def send(self) -> int:
        """The sequence of the next batch, which is on the way then."""
        return (await self.delivery.next()).sequence

    async def deliver(self) -> int:
        """The sequence of the next batch, which is acknowledged."""
        sequence = await self.send()
        self.delivery.acknowledge(sequence)
        return sequence


@asynccontextmanager
async def opened(policy: Policy, *, batches: float = 100, disk: Disk | None = None) -> AsyncIterator[Queue]:
    """batches: the limit, in batches of one row."""
    one = Queue(policy, int(batches * SIZE), disk)
    async with asyncio.timeout(PATIENCE):
        try:
            yield one
        finally:
            if disk:
                disk.may_write.set()
            await one.queue.close()


async def test_a_full_disk_drops_the_oldest_segment_and_takes_the_new_batch() -> None:
    disk = Disk(room=3)
    async with opened(Policy.DROP_OLDEST, disk=disk) as one:
        for _ in range(4):
            await one.put()
        assert one.dropped == [(1, DISK_FULL)] * 2
        assert (disk.kept, disk.deleted) == ([1, 2, 3, 4], [1])
        assert [await one.deliver(), await one.deliver()] == [3, 4]


async def test_a_full_disk_drops_the_only_segment_and_takes_the_new_batch() -> None:
    disk = Disk(room=1)
    async with opened(Policy.DROP_OLDEST, disk=disk) as one:
        await one.put()
        await one.put(2)
        assert (one.dropped, disk.deleted) == ([(1, DISK_FULL)], [1])
        assert (one.queue.rows, await one.deliver()) == (2, 2)


async def test_a_full_disk_without_a_segment_to_delete_drops_the_new_batch() -> None:
    disk = Disk(room=0)
    async with opened(Policy.DROP_OLDEST, disk=disk) as one:
        await one.put(3)
        assert (one.dropped, one.queue.bytes, disk.deleted, disk.writes) == ([(3, DISK_FULL)], 0, [], 1)
        disk.room = 1
        await one.put()
        assert await one.deliver() == 2


async def test_a_full_disk_keeps_batches_that_are_on_the_way() -> None:
    disk = Disk(room=2)
    async with opened(Policy.DROP_OLDEST, disk=disk) as one:
        await one.put()
        assert await one.send() == 1
        await one.put()
        await one.put()
        # Batch 2 was dropped for batch 3, in vain: batch 1 is in its segment.
        assert one.dropped == [(1, DISK_FULL)] * 2
        assert (one.queue.rows, disk.deleted) == (1, [])


async def test_a_full_disk_deletes_what_is_acknowledged_before_it_drops_anything() -> None:
    disk = Disk(room=2)
    async with opened(Policy.DROP_OLDEST, disk=disk) as one:
        for _ in range(2):
            await one.put()
            await one.deliver()
        await one.put()
        assert (one.dropped, disk.deleted, disk.kept) == ([], [1], [1, 2, 3])


async def test_room_is_made_once_for_a_batch_that_the_disk_does_not_take_even_so() -> None:
    disk = Disk(room=4, is_reclaiming=False)
    async with opened(Policy.DROP_OLDEST, disk=disk) as one:
        for rows in (1, 1, 1, 1, 7):
            await one.put(rows)
        assert one.dropped == [(1, DISK_FULL), (1, DISK_FULL), (7, DISK_FULL)]
        assert (disk.deleted, one.queue.rows) == ([1], 2)


@pytest.mark.parametrize("policy", [Policy.DROP_NEWEST, Policy.SAMPLE])
async def test_a_full_disk_drops_the_new_batch_by_policy(policy: Policy) -> None:
    async with opened(policy, disk=Disk(room=1)) as one:
        await one.put()
        await one.put(2)
        assert (one.dropped, one.queue.rows) == ([(2, DISK_FULL)], 1)


async def test_a_full_disk_refuses_the_batch_with_the_cause() -> None:
    async with opened(Policy.REFUSE, disk=Disk(room=0)) as one:
        with pytest.raises(ServerError, match="No space left on device") as refused:
            await one.put()
        assert (refused.value.reason, refused.value.retryable) == ("QUEUE_FULL", True)
        assert (one.dropped, one.queue.bytes) == ([], 0)


async def test_the_size_includes_what_the_disk_does_not_have_yet() -> None:
    disk = Disk()
    async with opened(Policy.WAIT, disk=disk) as one:
        await one.put()
        disk.may_write.clear()
        stored = await one.queue.put(batch())
        assert (one.queue.rows, one.queue.bytes) == (2, 2 * SIZE)
        disk.may_write.set()
        assert stored
        await stored
        assert (one.queue.rows, one.queue.bytes) == (2, 2 * SIZE)


async def test_a_flush_waits_until_the_disk_knows_what_was_acknowledged_by_then() -> None:
    disk = Disk()
    async with opened(Policy.WAIT, disk=disk) as one:
        await one.queue.removed()
        await one.put()
        await one.put()
        await one.send()
        disk.may_write.clear()
        busy = await one.queue.put(batch())
        await asyncio.sleep(0)
        one.delivery.acknowledge(1)
        removed = asyncio.create_task(one.queue.removed())
        await asyncio.sleep(0)
        await one.deliver()
        assert not removed.done()
        disk.may_write.set()
        await removed
        # More was acknowledged meanwhile.
        assert disk.acknowledged == 2
        assert busy
        await busy


async def test_the_disk_is_closed_after_what_it_is_writing() -> None:
    disk = Disk()
    async with opened(Policy.WAIT, disk=disk) as one:
        disk.may_write.clear()
        stored = await one.queue.put(batch())
        await asyncio.sleep(0)
        closing = asyncio.create_task(one.queue.close())
        await asyncio.wait((closing,), timeout=0.05)
        assert not disk.is_closed
        disk.may_write.set()
        await closing
        assert (disk.is_closed, disk.kept) == (True, [1])
        assert stored
        await stored


def test_a_disk_that_fails_is_tried_again_every_second() -> None:
    assert queue_module.DISK_RETRY_SECONDS == 1.0


async def test_a_caller_waits_for_a_disk_that_fails_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_module, "DISK_RETRY_SECONDS", 0.001)
    disk = Disk()
    disk.errors = [NO_SPACE, NO_SPACE]
    async with opened(Policy.WAIT, disk=disk) as one:
        await one.put()
        assert (one.dropped, disk.kept) == ([], [1])


async def test_the_end_does_not_wait_for_a_full_disk() -> None:
    disk = Disk(room=0)
    async with opened(Policy.WAIT, disk=disk) as one:
        stored = await one.queue.put(batch())
        assert stored
        await asyncio.sleep(0)
        await one.queue.close()
        assert (stored.cancelled(), disk.is_closed) == (True, True)


async def test_an_unexpected_error_of_the_store_ends_the_queue_and_reaches_its_callers() -> None:
    disk = Disk()
    disk.errors = [ZeroDivisionError("fault")]
    async with opened(Policy.WAIT, disk=disk) as one:
        with pytest.raises(ZeroDivisionError):
            await one.put()
        assert isinstance(one.queue.failure, ZeroDivisionError)
        assert one.delivery.ended


def committing() -> "list[asyncio.Task[None]]":
    """Tasks that write to the store."""
    return [task for task in asyncio.all_tasks() if task.get_name() == "telemetry writer's disk"]


async def test_all_callers_get_the_error_of_the_store() -> None:
    disk = Disk()
    disk.errors = [ZeroDivisionError("fault")]
    async with opened(Policy.WAIT, disk=disk) as one:
        futures = [await one.queue.put(batch()) for _ in range(3)]
        outcomes = await asyncio.gather(*filter(None, futures), return_exceptions=True)
        assert outcomes == [one.queue.failure] * 3


async def test_the_error_of_a_batch_without_a_caller_is_not_logged() -> None:
    """asyncio reports an exception that nothing has retrieved when its future is gone."""
    loop, reported = asyncio.get_running_loop(), list[object]()
    before = loop.get_exception_handler()
    loop.set_exception_handler(lambda _loop, context: reported.append(context))
    try:
        disk = Disk()
        disk.errors = [ZeroDivisionError("fault")]
        async with opened(Policy.WAIT, disk=disk) as one:
            for _ in range(2):
                assert await one.queue.put(batch())
            await one.delivery.wait_until(lambda: False)
        del one
        gc.collect()
    finally:
        loop.set_exception_handler(before)
    assert reported == []


async def test_a_caller_that_left_does_not_hide_the_error_of_the_store() -> None:
    disk = Disk()
    disk.errors = [ZeroDivisionError("fault")]
    async with opened(Policy.WAIT, disk=disk) as one:
        left, waiting = [await one.queue.put(batch()) for _ in range(2)]
        assert left
        assert waiting
        left.cancel()
        with pytest.raises(ZeroDivisionError):
            await waiting
        assert isinstance(one.queue.failure, ZeroDivisionError)


async def test_an_exception_of_the_callback_for_dropped_rows_ends_the_queue_and_releases_the_caller() -> None:
    def fail(_rows: int, _reason: DropReason) -> None:
        raise LookupError("of the callback")

    disk = Disk(room=0)
    delivery = Delivery(9)
    queue = BatchQueue(
        delivery, store=disk, limit=100 * SIZE, policy=Policy.DROP_NEWEST, last_sequence=0, on_dropped=fail
    )
    async with asyncio.timeout(PATIENCE):
        stored = await queue.put(batch())
        assert stored
        await stored
        await delivery.wait_until(lambda: False)
        assert isinstance(queue.failure, LookupError)
        await queue.close()


async def test_what_comes_while_the_disk_is_busy_is_written_together_by_one_task() -> None:
    disk = Disk()
    disk.may_write.clear()
    async with opened(Policy.WAIT, disk=disk) as one:
        first = await one.queue.put(batch())
        await asyncio.sleep(0)
        others = [await one.queue.put(batch()) for _ in range(3)]
        await asyncio.sleep(0)
        assert len(committing()) == 1
        disk.may_write.set()
        await asyncio.gather(*filter(None, (first, *others)))
        assert (disk.kept, disk.writes) == ([1, 2, 3, 4], 2)
        await asyncio.gather(*committing())
        assert committing() == []
        # Another one begins when there is more to write, or to remove.
        await one.put()
        await asyncio.gather(*committing())
        await one.deliver()
        assert len(committing()) == 1
        await one.queue.removed()
        assert disk.acknowledged == 1


async def test_nothing_is_written_or_removed_after_the_end() -> None:
    disk = Disk()
    async with opened(Policy.WAIT, disk=disk) as one:
        await one.put()
        await one.send()
        await one.queue.close()
        one.delivery.acknowledge(1)
        assert committing() == []
        assert disk.acknowledged == 0


async def test_the_end_cancels_what_waits_for_the_disk_and_leaves_it_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_module, "DISK_RETRY_SECONDS", 3_600.0)
    disk = Disk(room=0)
    async with opened(Policy.WAIT, disk=disk) as one:
        futures = [await one.queue.put(batch()) for _ in range(2)]
        await disk.written.wait()
        await one.queue.close()
        assert [stored and stored.cancelled() for stored in futures] == [True, True]
        assert (one.dropped, disk.writes, disk.is_closed) == ([], 1, True)


@pytest.mark.parametrize("policy", [Policy.DROP_OLDEST, Policy.DROP_NEWEST, Policy.SAMPLE, Policy.REFUSE])
async def test_a_flush_goes_on_when_the_batch_it_waits_for_was_not_stored(policy: Policy) -> None:
    disk = Disk(room=0)
    disk.may_write.clear()
    async with opened(policy, disk=disk) as one:
        stored = await one.queue.put(batch())
        flushing = asyncio.create_task(one.delivery.wait_until(lambda: one.queue.is_settled(1)))
        await asyncio.sleep(0)
        disk.may_write.set()
        await flushing
        assert stored
        assert isinstance(stored.exception(), ServerError if policy is Policy.REFUSE else type(None))


async def test_batches_before_one_that_the_disk_did_not_take_are_sent() -> None:
    disk = Disk(room=2)
    disk.may_write.clear()
    async with opened(Policy.REFUSE, disk=disk) as one:
        futures = [await one.queue.put(batch()) for _ in range(4)]
        disk.may_write.set()
        outcomes = await asyncio.gather(*filter(None, futures), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [type(None), type(None), ServerError, ServerError]
        assert ([await one.deliver(), await one.deliver()], one.queue.bytes) == ([1, 2], 0)


@pytest.mark.parametrize("policy", [Policy.REFUSE, Policy.DROP_NEWEST])
async def test_a_caller_that_left_does_not_stop_the_others(policy: Policy) -> None:
    disk = Disk(room=1)
    disk.may_write.clear()
    async with opened(policy, disk=disk) as one:
        futures = [await one.queue.put(batch()) for _ in range(2)]
        for stored in futures:
            assert stored
            stored.cancel()
        disk.may_write.set()
        assert await one.deliver() == 1
        await one.queue.removed()
        disk.room = 1
        await one.put()
        assert one.queue.failure is None


async def test_batches_that_the_disk_does_not_have_yet_count() -> None:
    disk = Disk()
    disk.may_write.clear()
    async with opened(Policy.DROP_NEWEST, batches=2, disk=disk) as one:
        stored = [await one.queue.put(batch()) for _ in range(3)]
        assert one.dropped == [(1, QUEUE_FULL)]
        assert (one.queue.bytes, one.queue.rows, one.queue.last_sequence) == (2 * SIZE, 2, 2)
        assert [one.queue.is_settled(sequence) for sequence in (0, 1, 2)] == [True, False, False]
        disk.may_write.set()
        await asyncio.gather(*filter(None, stored))
        assert (one.queue.bytes, one.queue.rows) == (2 * SIZE, 2)
        assert not one.queue.is_settled(1)
        await one.deliver()
        assert [one.queue.is_settled(sequence) for sequence in (1, 2)] == [True, False]


async def test_the_oldest_batch_is_dropped_once_the_disk_has_it() -> None:
    disk = Disk()
    disk.may_write.clear()
    async with opened(Policy.DROP_OLDEST, batches=1, disk=disk) as one:
        await one.queue.put(batch())
        second = asyncio.create_task(one.put())
        await asyncio.sleep(0)
        assert (one.dropped, second.done()) == ([], False)
        disk.may_write.set()
        await second
        assert (one.dropped, await one.deliver()) == ([(1, QUEUE_FULL)], 2)


async def test_the_store_knows_what_was_acknowledged_when_the_wait_for_it_ends() -> None:
    disk = Disk()
    async with opened(Policy.WAIT, disk=disk) as one:
        for _ in range(3):
            await one.put()
        for _ in range(3):
            await one.deliver()
        await one.queue.removed()
        assert (disk.acknowledged, disk.deleted) == (3, [1])


async def test_a_queue_in_memory_has_nothing_to_remove() -> None:
    async with opened(Policy.WAIT) as one:
        await one.put()
        await one.deliver()
        await one.queue.removed()


@pytest.mark.parametrize(("batches", "taken"), [(2, 2), (1.99, 1), (0.5, 1)])
async def test_a_queue_takes_batches_up_to_its_limit_and_always_one(batches: float, taken: int) -> None:
    async with opened(Policy.DROP_NEWEST, batches=batches) as one:
        for _ in range(3):
            await one.put()
        assert one.dropped == [(1, QUEUE_FULL)] * (3 - taken)
        assert (one.queue.rows, one.queue.last_sequence) == (taken, taken)


async def test_a_full_queue_refuses_a_batch_and_names_its_limit() -> None:
    async with opened(Policy.REFUSE, batches=1) as one:
        await one.put()
        with pytest.raises(ServerError, match=f"holds {SIZE} bytes") as refused:
            await one.put()
        assert (refused.value.reason, refused.value.retryable, one.dropped) == ("QUEUE_FULL", True, [])


async def test_a_full_queue_drops_as_many_of_the_oldest_as_necessary() -> None:
    async with opened(Policy.DROP_OLDEST, batches=3) as one:
        for _ in range(3):
            await one.put()
        await one.put(10)
        assert one.dropped == [(1, QUEUE_FULL)] * 3
        assert (one.queue.rows, await one.deliver()) == (10, 4)


async def test_a_full_queue_of_batches_on_the_way_drops_the_new_one() -> None:
    async with opened(Policy.DROP_OLDEST, batches=1) as one:
        await one.put()
        assert await one.send() == 1
        await one.put(2)
        assert (one.dropped, one.queue.rows) == ([(2, QUEUE_FULL)], 1)


async def test_a_caller_waits_until_its_batch_fits() -> None:
    async with opened(Policy.WAIT, batches=1) as one:
        await one.put()
        waiting = asyncio.create_task(one.put())
        await asyncio.sleep(0)
        assert not waiting.done()
        assert await one.deliver() == 1
        await waiting
        assert (await one.deliver(), one.dropped) == (2, [])


async def test_the_end_of_the_writer_releases_a_caller_that_waits_for_room() -> None:
    async with opened(Policy.WAIT, batches=1) as one:
        await one.put()
        waiting = asyncio.create_task(one.put())
        await asyncio.sleep(0)
        one.delivery.end()
        with pytest.raises(QueueEnded):
            await waiting
        assert one.queue.last_sequence == 1


async def test_rows_that_sampling_leaves_out_are_reported() -> None:
    async with opened(Policy.SAMPLE, batches=8) as one:
        for _ in range(4):
            await one.put()
        # At half of the limit every second row is kept.
        await one.put(4)
        assert (one.dropped, one.queue.rows) == ([(2, QUEUE_FULL)], 6)


async def test_sampling_drops_all_rows_while_the_queue_is_full() -> None:
    async with opened(Policy.SAMPLE, batches=1) as one:
        await one.put()
        await one.put(3)
        assert (one.dropped, one.queue.rows) == ([(3, QUEUE_FULL)], 1)


async def test_sampling_drops_a_batch_of_which_the_kept_rows_do_not_fit() -> None:
    async with opened(Policy.SAMPLE, batches=2) as one:
        await one.put()
        await one.put(90)
        assert (one.dropped, one.queue.rows) == ([(90, QUEUE_FULL)], 1)
