"""What a feed makes of many tellings: few events, each made once for all who want it alike."""

import asyncio
import gc
from contextlib import ExitStack

from iotflow_server.telemetry.live import EventFilter, LiveEvent, LiveFeed
from iotflow_server.telemetry.live.feed import SHARED_BYTES
from tests.live import alone, stored


def test_what_comes_quickly_is_told_together() -> None:
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


def test_an_event_is_rendered_once_for_all_who_want_it_alike_and_not_kept_for_ever() -> None:
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
                # Once as a whole, once for those who want one measurement of it.
                assert rendered == [1, 1]
                for number in range(2 * SHARED_BYTES // (16 * rows)):
                    await process.store(stored(2, [number] * rows))
                late = events[0]
                assert isinstance(late, LiveEvent)
                assert [late.rendered("rows", render), late.rendered("rows", render)] == [3, 4]

    asyncio.run(scene())


def test_nobody_listens() -> None:
    async def scene() -> int:
        async with alone() as process:
            await process.store(stored(1, [1]))
            return process.feed.subscribers

    assert asyncio.run(scene()) == 0
    assert LiveFeed(1).subscribers == 0


def test_the_bound_of_a_slow_subscriber_counts_what_is_held_and_nothing_is_held_for_nobody() -> None:
    """Of a single reading nearly everything is not its value: 16 bytes of it take a kilobyte and more."""
    limit, readings, least = 2**20, 4_000, 1_000

    async def scene() -> tuple[int, int, int]:
        async with alone(limit) as process:
            with process.heard() as slow:
                # At once: the subscriber takes none of them meanwhile.
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
    """Of the whole process."""
    gc.collect()
    return sum(isinstance(one, LiveEvent) for one in gc.get_objects())
