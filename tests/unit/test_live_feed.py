"""The feed combines readings into few events, each rendered once for all subscribers with the same filter."""

import gc
from contextlib import ExitStack
from dataclasses import replace

import numpy as np

from iotflow_server.telemetry.batch import Batch, Column, ValueType
from iotflow_server.telemetry.live import EventFilter, LiveEvent
from iotflow_server.telemetry.live.feed import SHARED_BYTES
from iotflow_server.telemetry.outcome import Stored
from tests.support.live import alone, stored


async def test_readings_in_quick_succession_are_published_together() -> None:
    async with alone() as process:
        with process.receiving() as receiver:
            for number in range(500):
                await process.store(stored(1, [number]))
            await receiver.until(lambda receiver: len(receiver.values[1]) == 500)
        assert receiver.values[1] == list(range(500))
        assert len(receiver.events) < 50


async def test_an_event_is_rendered_once_per_filter_and_not_kept_forever() -> None:
    rendered: list[int] = []

    def render(event: LiveEvent) -> int:
        rendered.append(event.source.id)
        return len(rendered)

    rows = 1_000
    async with alone() as process:
        with ExitStack() as stack:
            wants = [EventFilter(), EventFilter(), EventFilter(measurements=frozenset({"m"}))]
            subscriptions = [stack.enter_context(process.feed.subscribe(want)) for want in wants]
            subscriptions += [stack.enter_context(process.feed.subscribe(want)) for want in wants]
            await process.store(stored(1, range(rows)))
            events = [subscription.take() for subscription in subscriptions]
            for event in events:
                assert isinstance(event, LiveEvent)
                event.rendered("rows", render)
            # Once completely, and once for subscribers of one measurement.
            assert rendered == [1, 1]
            for number in range(2 * SHARED_BYTES // (16 * rows)):
                await process.store(stored(2, [number] * rows))
            late = events[0]
            assert isinstance(late, LiveEvent)
            assert [late.rendered("rows", render), late.rendered("rows", render)] == [3, 4]


async def test_the_renderings_of_the_newest_16_mebibytes_are_kept() -> None:
    """Up to the last byte. One byte more, and that of the oldest event is not kept."""
    for excess in (0, 1):
        rendered: list[int] = []

        def render(event: LiveEvent, rendered: list[int] = rendered) -> int:
            rendered.append(event.source.id)
            return len(rendered)

        async with alone() as process:
            with process.receiving() as receiver:
                for number in range(16):
                    await process.store(one_text(number, 2**20 + (excess if number == 15 else 0)))
                await receiver.until(lambda receiver: len(receiver.events) == 16)
                oldest, next_, *_ = receiver.events
                for event in (oldest, oldest, next_, next_):
                    event.rendered("rows", render)
        assert rendered == [0] * (1 + excess) + [1]


def one_text(device_id: int, size: int) -> Stored:
    """A reading with a text, as an event of this size with its rendering."""
    others = LiveEvent(stored(0, [0]).device, texts(0, "")).rendered_size
    return replace(stored(device_id, [0]), batch=texts(device_id, "x" * (size - others)))


def texts(device_id: int, text: str) -> Batch:
    return Batch(device_id, np.arange(1), (Column("m", ValueType.TEXT, np.array([text], object)),))


async def test_without_subscribers_nothing_is_held() -> None:
    others = events_alive()
    async with alone() as process:
        await process.store(stored(1, [1]))
        assert process.feed.subscribers == 0
        assert events_alive() <= others


async def test_the_limit_of_a_slow_subscriber_counts_memory_and_nothing_is_held_without_subscribers() -> None:
    """Nearly all of the size of a single reading is overhead: 16 bytes of values take more than a kilobyte."""
    limit, readings, least = 2**20, 4_000, 1_000
    others = events_alive()
    async with alone(limit) as process:
        with process.receiving() as slow:
            # Without a pause, so that the subscriber takes none of them.
            await process.store(*(stored(number, [number]) for number in range(readings)))
            await slow.until(lambda receiver: receiver.dropped + len(receiver.events) == readings)
            assert 0 < len(slow.events) <= limit / least
            assert len(slow.events) + slow.dropped == readings
        del slow
        assert events_alive() <= others


def events_alive() -> int:
    """Memory of the whole process."""
    gc.collect()
    return sum(isinstance(one, LiveEvent) for one in gc.get_objects())
