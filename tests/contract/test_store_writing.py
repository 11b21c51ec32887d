"""Content of the store after writes: the last value at each time; missing values overwrite nothing."""

import pytest

from iotflow_server.telemetry.batch import Batch
from iotflow_server.telemetry.ports import TelemetryStore
from tests.contract.readings import (
    BOOLEAN,
    DOUBLE,
    FLOAT,
    INT32,
    INT64,
    TEXT,
    Contents,
    batch,
    chunks,
    column,
    contents,
    contents_of,
    doubles,
)

EVERY_TYPE = batch(
    1,
    [1, 2, 3],
    column("boolean", BOOLEAN, [True, False, True]),
    column("double", DOUBLE, [1e308, -5e-324, 0.1]),
    column("float", FLOAT, [0.5, -3.4028234663852886e38, 1.401298464324817e-45]),
    column("int32", INT32, [-(2**31), 2**31 - 1, 0]),
    column("int64", INT64, [-(2**63), 2**63 - 1, 2**53 + 1]),
    column("text", TEXT, ["", "käse 🧀", "a\x00b'; --"]),
)

WRITES: list[tuple[str, list[list[Batch]], Contents]] = [
    ("a later call wins", [[doubles(1, {1: 1.0, 2: 2.0})], [doubles(1, {2: 3.0})]], {("m", 1): 1.0, ("m", 2): 3.0}),
    ("a later batch of a call wins", [[doubles(1, {1: 1.0}), doubles(1, {1: 2.0})]], {("m", 1): 2.0}),
    ("a later row wins", [[batch(1, [5, 5, 5], column("m", DOUBLE, [1.0, 3.0, 2.0]))]], {("m", 5): 2.0}),
    (
        "a later row wins over one of another column",
        [[batch(1, [5, 5], column("m", DOUBLE, [None, 2.0]), column("m", INT32, [1, None]))]],
        {("m", 5): 2.0},
    ),
    (
        "a later row wins over one of a column that stands behind",
        [[batch(1, [5, 5], column("m", DOUBLE, [1.0, None]), column("m", INT32, [None, 2]))]],
        {("m", 5): 2.0},
    ),
    (
        "rows without a value overwrite nothing",
        [[doubles(1, {1: 1.0, 2: 2.0})], [batch(1, [1, 2], column("m", DOUBLE, [None, 4.0]))]],
        {("m", 1): 1.0, ("m", 2): 4.0},
    ),
    (
        "equal times complete each other, value by value",
        [[batch(1, [1, 1], column("a", DOUBLE, [1.0, None]), column("b", TEXT, ["x", "y"]))]],
        {("a", 1): 1.0, ("b", 1): "y"},
    ),
    (
        "times come in any order, before 1970 too",
        [[batch(1, [7, -3, 0, 5], column("m", DOUBLE, [7.0, -3.0, 0.0, 5.0]))], [doubles(1, {-4: -4.0, 6: 6.0})]],
        {("m", time): float(time) for time in (-4, -3, 0, 5, 6, 7)},
    ),
    ("a batch without rows is nothing", [[batch(1, [], column("m", DOUBLE, []))]], {}),
    ("a batch without columns is nothing", [[batch(1, [1, 2])]], {}),
    ("a batch without values is nothing", [[batch(1, [1, 2], column("m", DOUBLE, [None, None]))]], {}),
    ("no batches are nothing", [[]], {}),
    (
        "far times",
        [[doubles(1, {-(2**60): 1.0, 2**60: 2.0})]],
        {("m", -(2**60)): 1.0, ("m", 2**60): 2.0},
    ),
]


@pytest.mark.parametrize(("groups", "expected"), [pytest.param(*case[1:], id=case[0]) for case in WRITES])
async def test_the_last_value_at_a_time_wins(
    store: TelemetryStore, groups: list[list[Batch]], expected: Contents
) -> None:
    for group in groups:
        assert await store.write(group) == [()] * len(group)
    assert await contents(store, 1) == expected


@pytest.mark.parametrize(("groups", "expected"), [pytest.param(*case[1:], id=case[0]) for case in WRITES])
async def test_writing_the_same_again_changes_nothing(
    store: TelemetryStore, groups: list[list[Batch]], expected: Contents
) -> None:
    for group in groups:
        await store.write(group)
    for group in groups[-1:]:
        await store.write(group)
    assert await contents(store, 1) == expected


async def test_every_type_is_read_as_it_was_written(store: TelemetryStore) -> None:
    await store.write([EVERY_TYPE])
    (read,) = await chunks(store, 1)
    assert [(one.measurement, one.type) for one in read.columns] == [
        (one.measurement, one.type) for one in EVERY_TYPE.columns
    ]
    assert [one.values.dtype for one in read.columns] == [one.values.dtype for one in EVERY_TYPE.columns]
    assert contents_of([read]) == contents_of([EVERY_TYPE])


async def test_devices_are_independent(store: TelemetryStore) -> None:
    await store.write([doubles(1, {1: 1.0}), doubles(2, {1: 2.0}), doubles(1, {2: 3.0})])
    assert await contents(store, 1) == {("m", 1): 1.0, ("m", 2): 3.0}
    assert await contents(store, 2) == {("m", 1): 2.0}


async def test_any_name_can_be_a_measurement(store: TelemetryStore) -> None:
    names = ["temp", "Temp", "a.b", "a b", "ö", "x'y\"`z", "1", "select", "root", "*"]
    names += ["switch:0", "1-0:1.8.0", "Temperature [°C]", "Wind (m/s)", "% load", "#1", "{a}", "a=b", "x" * 128]
    await store.write([batch(1, [1], *(column(name, INT32, [row]) for row, name in enumerate(names)))])
    assert await contents(store, 1) == {(name, 1): row for row, name in enumerate(names)}
    assert list(await store.measurements(1)) == sorted(names)
