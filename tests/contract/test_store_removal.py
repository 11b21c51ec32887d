"""Counting, deletion, and retention."""

import pytest

from iotflow.words import Aggregation
from iotflow_server.telemetry.ports import Span, TelemetryStore
from tests.contract.readings import (
    DOUBLE,
    INT32,
    TEXT,
    Clock,
    batch,
    chunks,
    column,
    contents,
    doubles,
    table,
)

HOUR = 3_600_000


@pytest.mark.parametrize(
    ("span", "expected"), [(Span(), 6), (Span(-1, 3), 4), (Span(3, 3), 0), (Span(50), 1), (Span(end=-1), 0)]
)
async def test_a_time_counts_once_however_many_values_it_has(store: TelemetryStore, span: Span, expected: int) -> None:
    await store.write(
        [
            batch(1, [-1, 0, 1], column("a", DOUBLE, [1.0, 2.0, 3.0]), column("b", TEXT, ["x", None, "z"])),
            doubles(1, {0: 1.0, 2: 1.0}, "c"),
            doubles(1, {30: 1.0, 50: 1.0}, "d"),
            doubles(2, {7: 1.0}),
        ]
    )
    assert await store.count(1, span) == expected


async def test_times_of_very_many_measurements_count_once(store: TelemetryStore) -> None:
    columns = [column(f"m{number}", INT32, [number, None if number else 1, number]) for number in range(700)]
    await store.write([batch(1, [1, 2, 3], *columns)])
    assert await store.count(1, Span()) == 3


@pytest.mark.parametrize(("deleted", "expected"), [(Span(0, 3), 5), (Span(3, 5), 6), (Span(2, 6), 4), (Span(0, 9), 0)])
async def test_times_count_no_more_when_all_their_values_were_deleted(
    store: TelemetryStore, deleted: Span, expected: int
) -> None:
    await store.write([doubles(1, {0: 1.0, 1: 1.0, 2: 1.0}, "a")])
    await store.write([doubles(1, {3: 1.0, 4: 1.0}, "b")])
    await store.write([doubles(1, {5: 1.0, 6: 1.0, 7: 1.0}, "c")])
    await store.delete(1, deleted)
    assert await store.count(1, Span()) == expected
    assert await store.count(1, Span(-1, 10)) == expected


async def test_a_device_that_never_wrote_counts_nothing_and_can_be_deleted(store: TelemetryStore) -> None:
    await store.delete(404, Span())
    assert await store.count(404, Span()) == 0


async def test_deletion_is_limited_to_the_span_of_one_device(store: TelemetryStore) -> None:
    values = {time: float(time) for time in range(-5, 5)}
    await store.write([doubles(1, values, "a"), doubles(1, values, "b"), doubles(2, values, "a")])
    await store.delete(1, Span(-3, 2))
    kept = [-5, -4, 2, 3, 4]
    assert await contents(store, 1) == {(name, time): float(time) for name in "ab" for time in kept}
    assert await store.count(2, Span()) == 10
    await store.delete(1, Span())
    assert await contents(store, 1) == {}
    assert await store.latest([1]) == {}


async def test_a_large_number_of_readings_is_deleted_completely(store: TelemetryStore) -> None:
    rows = 50_000
    values = [1.0] * rows
    await store.write([batch(1, range(rows), column("a", DOUBLE, values), column("b", DOUBLE, values))])
    await store.delete(1, Span(10, rows - 10))
    assert await store.count(1, Span()) == 20


async def test_deleted_readings_can_be_written_again(store: TelemetryStore) -> None:
    await store.write([doubles(1, {1: 1.0})])
    await store.delete(1, Span())
    await store.write([doubles(1, {1: 2.0})])
    assert await contents(store, 1) == {("m", 1): 2.0}


async def test_expired_readings_are_in_no_result(store: TelemetryStore, clock: Clock) -> None:
    now = clock.now
    await store.write([doubles(1, {now - HOUR - 1: 1.0, now - HOUR: 2.0, now: 3.0}), doubles(2, {now - HOUR - 1: 9.0})])
    await store.set_retention(None, HOUR)
    assert await contents(store, 1) == {("m", now - HOUR): 2.0, ("m", now): 3.0}
    assert len(await chunks(store, 1, Span(now - 2 * HOUR, now - HOUR))) == 0
    assert await store.count(1, Span()) == 2
    assert list(await store.latest([1, 2])) == [1]
    found = table(await store.aggregate(1, Span(), 10 * HOUR, [Aggregation.COUNT]))
    assert sum(found[("m", "count")].values()) == 2
    clock.now += HOUR
    assert await contents(store, 1) == {("m", now): 3.0}
    assert await store.measurements(2) == {"m": DOUBLE}


async def test_a_rule_of_the_device_takes_precedence_over_the_default(store: TelemetryStore, clock: Clock) -> None:
    old, older = clock.now - 2 * HOUR, clock.now - 4 * HOUR
    await store.write([doubles(device_id, {older: 1.0, old: 2.0}) for device_id in (1, 2, 3)])
    await store.set_retention(1, 3 * HOUR)
    await store.set_retention(None, HOUR)
    await store.set_retention(2, None)
    assert [await store.count(device_id, Span()) for device_id in (1, 2, 3)] == [1, 2, 0]
    assert {device_id: one[0].time for device_id, one in (await store.latest([1, 2, 3])).items()} == {1: old, 2: old}


async def test_a_longer_rule_applies_to_later_readings(store: TelemetryStore, clock: Clock) -> None:
    await store.set_retention(1, HOUR)
    await store.set_retention(1, 3 * HOUR)
    await store.write([doubles(1, {clock.now - 2 * HOUR: 1.0})])
    assert await store.count(1, Span()) == 1


async def test_rules_apply_to_devices_that_appear_later(store: TelemetryStore, clock: Clock) -> None:
    await store.set_retention(None, HOUR)
    await store.write([doubles(7, {clock.now - 2 * HOUR: 1.0, clock.now: 2.0})])
    assert await contents(store, 7) == {("m", clock.now): 2.0}
