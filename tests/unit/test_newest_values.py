"""The newest values of written batches, by which the cache of newest values is updated."""

import pytest

from iotflow_server.telemetry.batch import Batch
from iotflow_server.telemetry.latest.values import newest_of
from tests.contract.readings import DOUBLE, TEXT, batch, cells, column, doubles

Newest = dict[str, tuple[int, object]]


@pytest.mark.parametrize(
    ("written", "newest"),
    [
        ([doubles(1, {3: 3.0})], {"m": (3, 3.0)}),
        ([doubles(1, {3: 3.0, 5: 5.0, 4: 4.0})], {"m": (5, 5.0)}),
        ([batch(1, [3, 3], column("m", DOUBLE, [1.0, 2.0]))], {"m": (3, 2.0)}),
        ([batch(1, [3, 5], column("m", DOUBLE, [3.0, None]), column("n", DOUBLE, [None, None]))], {"m": (3, 3.0)}),
        ([doubles(1, {3: 3.0}), doubles(1, {5: 5.0})], {"m": (5, 5.0)}),
        ([doubles(1, {5: 5.0}), doubles(1, {3: 3.0})], {"m": (5, 5.0)}),
        ([doubles(1, {3: 1.0}), doubles(1, {3: 2.0})], {"m": (3, 2.0)}),
        ([doubles(1, {5: 5.0}), doubles(1, {3: 3.0}, "n")], {"m": (5, 5.0), "n": (3, 3.0)}),
        ([doubles(1, {5: 5.0}), batch(1, [3], column("m", TEXT, ["x"]))], None),
        ([doubles(1, {5: 5.0}), batch(1, [6], column("m", TEXT, ["x"])), doubles(1, {7: 7.0})], None),
        ([batch(1, [3], column("m", DOUBLE, [1.0]), column("m", DOUBLE, [2.0]))], None),
    ],
    ids=[
        "one row",
        "rows out of order",
        "rows of the same time",
        "missing values",
        "a later time",
        "an earlier time",
        "the same time again",
        "another measurement",
        "another type",
        "a batch after another type",
        "a measurement with two columns",
    ],
)
def test_the_last_batch_with_the_newest_time_has_the_newest_value(written: list[Batch], newest: Newest | None) -> None:
    """None: only the store knows it."""
    found = newest_of([*written[:1], doubles(2, {9: 9.0}), *written[1:]])
    assert set(found) == {1, 2}
    values = found[1]
    plain = None if values is None else {name: (one.time, cells(one.column)[0]) for name, one in values.items()}
    assert plain == newest
