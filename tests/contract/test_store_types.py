"""A measurement keeps the type of its first value: later values are converted, or rejected if they do not fit."""

from typing import Any

import pytest

from iotflow_server.telemetry.batch import ValueType
from iotflow_server.telemetry.ports import TelemetryStore
from tests.contract.readings import (
    BOOLEAN,
    DOUBLE,
    FLOAT,
    INT32,
    INT64,
    TEXT,
    batch,
    chunks,
    column,
    contents,
    doubles,
    named,
)

FIRST: dict[ValueType, Any] = {DOUBLE: 1.5, FLOAT: 1.5, INT64: 1, INT32: 1, BOOLEAN: True, TEXT: "first"}

WIDENED: list[tuple[ValueType, ValueType, Any, Any]] = [
    (INT32, INT64, 2, 2),
    (INT32, DOUBLE, 2.0, 2),
    (FLOAT, DOUBLE, 2.5, 2.5),
    (FLOAT, INT64, 2**24, 2.0**24),
    (DOUBLE, INT64, 7, 7.0),
    (DOUBLE, FLOAT, 0.5, 0.5),
    (INT64, DOUBLE, -(2.0**63), -(2**63)),
    (INT64, INT32, -5, -5),
]

REFUSED: list[tuple[ValueType, ValueType, Any]] = [
    (INT64, DOUBLE, 2.5),
    (INT64, DOUBLE, 2.0**63),
    (INT32, INT64, 2**31),
    (INT32, DOUBLE, -(2.0**31) - 1),
    (FLOAT, DOUBLE, 0.1),
    (FLOAT, DOUBLE, 1e300),
    (FLOAT, INT32, 2**24 + 1),
    (DOUBLE, INT64, 2**53 + 1),
    (DOUBLE, TEXT, "7"),
    (DOUBLE, BOOLEAN, True),
    (INT64, BOOLEAN, False),
    (BOOLEAN, INT32, 1),
    (BOOLEAN, TEXT, "true"),
    (TEXT, DOUBLE, 7.0),
    (TEXT, BOOLEAN, True),
]


@pytest.mark.parametrize(("kept", "sent", "value", "expected"), WIDENED)
async def test_a_value_that_fits_is_stored_in_the_first_type(
    store: TelemetryStore, kept: ValueType, sent: ValueType, value: Any, expected: Any
) -> None:
    await store.write([batch(1, [1], column("m", kept, [FIRST[kept]]))])
    assert await store.write([batch(1, [2], column("m", sent, [value]))]) == [()]
    (read,) = await chunks(store, 1)
    assert read.columns[0].type is kept
    assert read.columns[0].values.tolist() == [FIRST[kept], expected]


@pytest.mark.parametrize(("kept", "sent", "value"), REFUSED)
async def test_a_value_that_does_not_fit_is_rejected(
    store: TelemetryStore, kept: ValueType, sent: ValueType, value: Any
) -> None:
    await store.write([batch(1, [1], column("m", kept, [FIRST[kept]]))])
    (rejections,) = await store.write([batch(1, [2], column("m", sent, [value]), column("other", INT32, [1]))])
    assert named(rejections) == [("m", 0, 1, "TYPE_CONFLICT")]
    assert not rejections[0].retryable
    assert await contents(store, 1) == {("m", 1): FIRST[kept], ("other", 2): 1}
    assert await store.measurements(1) == {"m": kept, "other": INT32}


async def test_types_hold_within_one_call(store: TelemetryStore) -> None:
    answers = await store.write(
        [
            batch(1, [1], column("m", INT32, [1])),
            batch(2, [1], column("m", TEXT, ["of another device"])),
            batch(1, [2, 3], column("m", DOUBLE, [2.0, 2.5])),
        ]
    )
    assert [named(one) for one in answers] == [[], [], [("m", 1, 1, "TYPE_CONFLICT")]]
    assert await contents(store, 1) == {("m", 1): 1, ("m", 2): 2}


async def test_the_first_row_sets_the_type_whichever_column_it_is_in(store: TelemetryStore) -> None:
    (rejections,) = await store.write(
        [batch(1, [9, 8, 7], column("m", DOUBLE, [None, 1.5, 2.0]), column("m", INT64, [1, None, None]))]
    )
    assert named(rejections) == [("m", 1, 1, "TYPE_CONFLICT")]
    assert await store.measurements(1) == {"m": INT64}
    assert await contents(store, 1) == {("m", 9): 1, ("m", 7): 2}


async def test_adjacent_rejected_rows_are_one_rejection(store: TelemetryStore) -> None:
    await store.write([batch(1, [0], column("a", INT32, [0]), column("b", INT32, [0]))])
    values = [0.5, 0.5, 1.0, None, 0.5, 0.5, 0.5, 2.0]
    (rejections,) = await store.write(
        [batch(1, range(8), column("a", DOUBLE, values), column("b", DOUBLE, values[::-1]))]
    )
    conflict = "TYPE_CONFLICT"
    assert named(rejections) == [
        ("a", 0, 2, conflict),
        ("a", 4, 3, conflict),
        ("b", 1, 3, conflict),
        ("b", 6, 2, conflict),
    ]


async def test_an_atomic_batch_is_stored_all_or_nothing(store: TelemetryStore) -> None:
    await store.write([batch(1, [1], column("m", INT32, [1]))])
    answers = await store.write(
        [
            batch(1, [2, 3], column("m", DOUBLE, [2.0, 2.5]), column("new", TEXT, ["x", "y"]), atomic=True),
            batch(1, [4], column("m", DOUBLE, [4.0]), column("new", DOUBLE, [4.5]), atomic=True),
        ]
    )
    assert [named(one) for one in answers] == [[("m", 1, 1, "TYPE_CONFLICT")], []]
    assert await contents(store, 1) == {("m", 1): 1, ("m", 4): 4, ("new", 4): 4.5}
    assert await store.measurements(1) == {"m": INT32, "new": DOUBLE}


async def test_rows_without_a_value_set_no_type_and_are_not_rejected(store: TelemetryStore) -> None:
    await store.write([batch(1, [1, 2], column("m", TEXT, [None, None]))])
    assert await store.measurements(1) == {}
    await store.write([doubles(1, {1: 0.5})])
    assert await store.write([batch(1, [1, 2], column("m", TEXT, [None, None]))]) == [()]
    assert await store.measurements(1) == {"m": DOUBLE}
