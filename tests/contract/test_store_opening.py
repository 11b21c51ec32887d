"""Persistence across restarts, and the errors of a closed store."""

import asyncio
from collections.abc import Callable

import pytest

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.ports import Span, TelemetryStore
from tests.contract.readings import DOUBLE, INT32, Clock, batch, chunks, column, contents, doubles, named


async def test_readings_types_and_rules_survive_a_restart(
    make_store: Callable[[], TelemetryStore], clock: Clock
) -> None:
    first = make_store()
    await first.start()
    await first.write([doubles(1, {clock.now - 10: 1.0, clock.now: 2.0}), batch(2, [1], column("n", INT32, [1]))])
    await first.set_retention(1, 5)
    await first.close()
    second = make_store()
    await second.start()
    assert await contents(second, 1) == {("m", clock.now): 2.0}
    assert await second.measurements(2) == {"n": INT32}
    (rejections,) = await second.write([batch(2, [2], column("n", DOUBLE, [0.5]))])
    assert named(rejections) == [("n", 0, 1, "TYPE_CONFLICT")]
    await second.write([doubles(1, {clock.now: 3.0})])
    assert await contents(second, 1) == {("m", clock.now): 3.0}
    await second.close()


async def test_readings_are_visible_to_another_store_that_opens_the_data(
    store: TelemetryStore, make_store: Callable[[], TelemetryStore]
) -> None:
    await store.write([doubles(1, {1: 1.0})])
    other = make_store()
    await other.start()
    assert await contents(other, 1) == {("m", 1): 1.0}
    # A store that is opened first ensures that nothing acknowledged by others is missing.
    async with asyncio.timeout(10):
        while other.buffering:  # noqa: ASYNC110 - it rings no bell
            await asyncio.sleep(0.01)
    await other.write([batch(1, [2], column("m", INT32, [2]), column("new", INT32, [2]))])
    await store.write([batch(1, [3], column("new", DOUBLE, [3.0]))])
    assert await contents(store, 1) == {("m", 1): 1.0, ("m", 2): 2.0, ("new", 2): 2, ("new", 3): 3}
    assert await store.measurements(1) == {"m": DOUBLE, "new": INT32}
    await other.close()


async def test_closing_waits_for_writes_in_progress(make_store: Callable[[], TelemetryStore]) -> None:
    first = make_store()
    await first.start()
    writes = [asyncio.create_task(first.write([doubles(1, {time: 1.0})])) for time in range(50)]
    await asyncio.sleep(0)
    await first.close()
    assert await asyncio.gather(*writes) == [[()]] * 50
    second = make_store()
    await second.start()
    assert await second.count(1, Span()) == 50
    await second.close()


async def test_reads_that_wait_while_the_store_closes_are_answered_or_unavailable(
    make_store: Callable[[], TelemetryStore],
) -> None:
    first = make_store()
    await first.start()
    await first.write([doubles(1, {1: 1.0})])
    reads = [asyncio.create_task(first.count(1, Span())) for _ in range(50)]
    await asyncio.sleep(0)
    await first.close()
    async with asyncio.timeout(30):
        outcomes = await asyncio.gather(*reads, return_exceptions=True)
    for outcome in outcomes:
        assert outcome == 1 or isinstance(outcome, Unavailable), repr(outcome)


async def test_a_closed_store_is_unavailable(make_store: Callable[[], TelemetryStore]) -> None:
    store = make_store()
    await store.start()
    await store.check()
    await store.close()
    calls: list[Callable[[], object]] = [
        store.check,
        lambda: store.write([doubles(1, {1: 1.0})]),
        lambda: chunks(store, 1),
        lambda: store.latest([1]),
        lambda: store.count(1, Span()),
        lambda: store.delete(1, Span()),
        lambda: store.measurements(1),
        lambda: store.set_retention(1, 1),
    ]
    for call in calls:
        with pytest.raises(Unavailable) as refusal:
            await call()  # type: ignore[misc]
        assert refusal.value.reason == "STORE_UNAVAILABLE"
        assert refusal.value.retry_after


async def test_a_cancelled_write_leaves_a_store_that_works(store: TelemetryStore) -> None:
    writes = [asyncio.create_task(store.write([doubles(1, {time: 1.0})])) for time in range(20)]
    await asyncio.sleep(0)
    for write in writes[::2]:
        write.cancel()
    ends = await asyncio.gather(*writes, return_exceptions=True)
    assert ends[1::2] == [[()]] * 10
    await store.write([doubles(1, {100: 1.0})])
    assert {time for _, time in await contents(store, 1)} >= {*range(1, 20, 2), 100}
