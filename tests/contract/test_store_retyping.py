"""A measurement without readings has no type; measurements can be dropped, or converted to another type without loss."""

from typing import Any

import pytest

from iotflow.words import Aggregation
from iotflow_server.errors import FailedPrecondition, InvalidArgument
from iotflow_server.telemetry import type_conversion
from iotflow_server.telemetry.batch import ValueType
from iotflow_server.telemetry.ports import Span, TelemetryStore
from tests.contract.conftest import Opening
from tests.contract.readings import (
    BOOLEAN,
    DOUBLE,
    FLOAT,
    INT32,
    INT64,
    TEXT,
    Clock,
    batch,
    chunks,
    column,
    contents,
    doubles,
    named,
)

HOUR = 3_600_000


async def test_a_measurement_whose_readings_were_deleted_takes_another_type(store: TelemetryStore) -> None:
    await store.write([batch(1, [1, 2], column("temp", TEXT, ["unavailable", None]), column("m", INT32, [1, 2]))])
    (refused,) = await store.write([doubles(1, {2: 21.5}, "temp")])
    assert named(refused) == [("temp", 0, 1, "TYPE_CONFLICT")]
    await store.delete(1, Span(0, 2))
    assert await store.write([doubles(1, {3: 21.5}, "temp")]) == [()]
    assert await store.measurements(1) == {"m": INT32, "temp": DOUBLE}
    assert await contents(store, 1) == {("m", 2): 2, ("temp", 3): 21.5}
    (refused,) = await store.write([batch(1, [4], column("temp", TEXT, ["x"]), column("m", TEXT, ["x"]))])
    assert named(refused) == [("temp", 0, 1, "TYPE_CONFLICT"), ("m", 0, 1, "TYPE_CONFLICT")]


async def test_the_type_changes_within_a_call_and_all_or_nothing(store: TelemetryStore) -> None:
    await store.write([batch(1, [1], column("temp", TEXT, ["unavailable"]))])
    await store.delete(1, Span())
    answers = await store.write(
        [
            batch(1, [2], column("temp", DOUBLE, [1.5]), atomic=True),
            batch(1, [3], column("temp", TEXT, ["x"])),
            doubles(1, {4: 2.5}, "temp"),
        ]
    )
    assert [named(one) for one in answers] == [[], [("temp", 0, 1, "TYPE_CONFLICT")], []]
    assert await contents(store, 1) == {("temp", 2): 1.5, ("temp", 4): 2.5}


async def test_a_measurement_whose_readings_have_expired_takes_another_type(
    store: TelemetryStore, clock: Clock
) -> None:
    await store.set_retention(1, HOUR)
    await store.write([batch(1, [clock.now], column("temp", TEXT, ["unavailable"]))])
    first = clock.now
    clock.now += 2 * HOUR
    assert await store.write([doubles(1, {clock.now: 21.5}, "temp")]) == [()]
    clock.now = first
    await store.set_retention(1, None)
    assert await contents(store, 1) == {("temp", first + 2 * HOUR): 21.5}


async def test_a_jump_of_the_clock_changes_no_type(store: TelemetryStore, clock: Clock) -> None:
    await store.set_retention(1, HOUR)
    await store.write([batch(1, [clock.now], column("temp", TEXT, ["21.5"]))])
    first = clock.now
    clock.now, clock.is_settled = first + 365 * 24 * HOUR, False
    (refused,) = await store.write([doubles(1, {clock.now: 21.5}, "temp")])
    assert named(refused) == [("temp", 0, 1, "TYPE_CONFLICT")]
    clock.now, clock.is_settled = first, True
    assert await contents(store, 1) == {("temp", first): "21.5"}


async def test_a_dropped_measurement_is_unknown_and_can_be_written_again(
    make_store: Opening, store: TelemetryStore
) -> None:
    await store.write(
        [batch(1, [1, 2], column("a", TEXT, ["x", "y"]), column("b", INT32, [1, 2])), doubles(2, {1: 1.0})]
    )
    await store.latest([1])
    await store.drop(1, "a")
    await store.drop(1, "a")
    await store.drop(1, "unknown")
    assert await store.measurements(1) == {"b": INT32}
    assert await contents(store, 1) == {("b", 1): 1, ("b", 2): 2}
    assert [one.column.measurement for one in (await store.latest([1]))[1]] == ["b"]
    assert await store.write([doubles(1, {2: 0.5, 3: 1.5}, "a")]) == [()]
    assert await contents(store, 1) == {("b", 1): 1, ("b", 2): 2, ("a", 2): 0.5, ("a", 3): 1.5}
    assert await contents(store, 2) == {("m", 1): 1.0}
    await store.close()
    again = make_store()
    await again.start()
    assert await again.measurements(1) == {"a": DOUBLE, "b": INT32}
    assert await contents(again, 1, Span(2, 3)) == {("b", 2): 2, ("a", 2): 0.5}
    await again.close()


RETYPED: list[tuple[ValueType, list[Any], ValueType, list[Any]]] = [
    (INT32, [1, -5], DOUBLE, [1.0, -5.0]),
    (DOUBLE, [1.0, -5.0], INT64, [1, -5]),
    (DOUBLE, [0.5, 2.0], FLOAT, [0.5, 2.0]),
    (INT64, [2**53 + 1, 2], TEXT, ["9007199254740993", "2"]),
    (DOUBLE, [21.5, 1e300], TEXT, ["21.5", "1e+300"]),
    (FLOAT, [0.5, 2.5], TEXT, ["0.5", "2.5"]),
    (BOOLEAN, [True, False], TEXT, ["true", "false"]),
    (TEXT, ["21.5", "7"], DOUBLE, [21.5, 7.0]),
    (TEXT, ["true", "false"], BOOLEAN, [True, False]),
    (TEXT, ["9007199254740993", "-1"], INT64, [2**53 + 1, -1]),
    (TEXT, ["1e300", "18446744073709551616"], DOUBLE, [1e300, 2.0**64]),
]


@pytest.mark.parametrize(("kept", "values", "wanted", "expected"), RETYPED)
async def test_readings_are_converted_to_another_type(
    store: TelemetryStore, kept: ValueType, values: list[Any], wanted: ValueType, expected: list[Any]
) -> None:
    await store.write([batch(1, [1, 2], column("m", kept, values), column("other", INT32, [1, None]))])
    await store.latest([1])
    await store.retype(1, "m", wanted)
    assert await store.measurements(1) == {"m": wanted, "other": INT32}
    (read,) = await chunks(store, 1, Span(), ["m"])
    assert (read.columns[0].type, read.columns[0].values.tolist()) == (wanted, expected)
    (latest,) = [one for one in (await store.latest([1]))[1] if one.column.measurement == "m"]
    assert (latest.column.type, latest.column.values.tolist()) == (wanted, expected[-1:])
    assert await store.write([batch(1, [3], column("m", wanted, expected[:1]))]) == [()]
    found = await store.aggregate(1, Span(0, 10), 10, [Aggregation.COUNT], ["m"])
    assert found.figures[0].column.values.tolist() == [3]


REFUSED: list[tuple[ValueType, list[Any], ValueType]] = [
    (DOUBLE, [1.0, 2.5], INT64),
    (DOUBLE, [0.1], FLOAT),
    (INT64, [2**53 + 1], DOUBLE),
    (INT64, [1], BOOLEAN),
    (BOOLEAN, [True], INT32),
    (TEXT, ["21.5", "unavailable"], DOUBLE),
    (TEXT, ["NaN"], DOUBLE),
    (TEXT, ["1e999"], DOUBLE),
    (TEXT, ["2.5"], INT64),
    (TEXT, ["9223372036854775808"], INT64),
    (TEXT, ["1e19", "18446744073709551616", "18446744073709551617"], DOUBLE),
    (TEXT, ["1"], BOOLEAN),
]


@pytest.mark.parametrize(("kept", "values", "wanted"), REFUSED)
async def test_readings_that_do_not_fit_are_unchanged_and_named(
    store: TelemetryStore, kept: ValueType, values: list[Any], wanted: ValueType
) -> None:
    await store.write([batch(1, range(len(values)), column("m", kept, values))])
    with pytest.raises(InvalidArgument) as refusal:
        await store.retype(1, "m", wanted)
    assert refusal.value.reason == "NOT_LOSSLESS"
    assert str(values[-1])[:10] in refusal.value.message
    (read,) = await chunks(store, 1)
    assert (read.columns[0].type, read.columns[0].values.tolist()) == (kept, values)


async def test_too_many_readings_are_not_converted(store: TelemetryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type_conversion, "MOST_READINGS", 3)
    monkeypatch.setattr("iotflow_server.telemetry.stores.sqlite.writing.MOST_READINGS", 3)
    await store.write([doubles(1, dict.fromkeys(range(4), 1.0))])
    with pytest.raises(FailedPrecondition) as refusal:
        await store.retype(1, "m", INT32)
    assert refusal.value.reason == "TOO_MANY_READINGS"
    assert await store.measurements(1) == {"m": DOUBLE}


async def test_a_missing_measurement_is_not_created(store: TelemetryStore) -> None:
    await store.retype(1, "m", INT32)
    assert await store.measurements(1) == {}
