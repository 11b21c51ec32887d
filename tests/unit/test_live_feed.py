"""The feed combines readings into few events, each rendered once for all subscribers with the same filter."""

import asyncio
import gc
from contextlib import ExitStack

from iotflow_server.telemetry.live import EventFilter, LiveEvent, LiveFeed
from iotflow_server.telemetry.live.feed import SHARED_BYTES
from tests.support.live import alone, stored


def test_readings_in_quick_succession_are_published_together() -> None:
    async def scene() -> tuple[int, list[float]]:
        async with alone() as process:
            with process.heard() as ear:
                for number in range(500):
                    await process.store(stored(1, [number]))
                await ear.until(lambda ear: len(ear.values[1]) == 500)
            return len(ear.events), ear.values[1]

    events, values = asyncio.run(scene())
    assert values == list(range(500))
    assert events < 50


def test_an_event_is_rendered_once_per_filter_and_not_kept_forever() -> None:
    rendered: list[int] = []

    def render(event: LiveEvent) -> int:
        rendered.append(event.source.id)
        return len(rendered)

    async def scene() -> None:
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

    asyncio.run(scene())


def test_without_subscribers_nothing_is_held() -> None:
    async def scene() -> int:
        async with alone() as process:
            await process.store(stored(1, [1]))
            return process.feed.subscribers

    assert asyncio.run(scene()) == 0
    assert LiveFeed(1).subscribers == 0


def test_the_limit_of_a_slow_subscriber_counts_memory_and_nothing_is_held_without_subscribers() -> None:
    """Nearly all of the size of a single reading is overhead: 16 bytes of values take more than a kilobyte."""
    limit, readings, least = 2**20, 4_000, 1_000

    async def scene() -> tuple[int, int, int]:
        async with alone(limit) as process:
            with process.heard() as slow:
                # Without a pause, so that the subscriber takes none of them.
                await process.store(*(stored(number, [number]) for number in range(readings)))
                await slow.until(lambda ear: ear.dropped + len(ear.events) == readings)
                heard, dropped = len(slow.events), slow.dropped
            del slow
            return heard, dropped, events_alive()

    others = events_alive()
    heard, dropped, alive = asyncio.run(scene())
    assert 0 < heard <= limit / least
    assert heard + dropped == readings
    assert alive <= others


def events_alive() -> int:
    """Memory of the whole process."""
    gc.collect()
    return sum(isinstance(one, LiveEvent) for one in gc.get_objects())
