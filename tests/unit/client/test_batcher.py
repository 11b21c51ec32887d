"""Rows and columns become batches."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotflow.batcher import BatchLimits, split
from iotflow.batches import columns_of, decode_batch
from iotflow.open_batch import OpenBatch, cells

VALUES = st.dictionaries(
    st.sampled_from("abcd"), st.one_of(st.floats(allow_nan=False), st.none()), min_size=1, max_size=4
)


def kinds(values: dict[str, Any]) -> dict[str, str]:
    return {name: kind for name, (kind, _) in cells(values).items()}


@given(st.lists(VALUES.filter(lambda row: any(value is not None for value in row.values())), min_size=1, max_size=50))
def test_a_batch_has_the_values_of_its_rows(rows: list[dict[str, float | None]]) -> None:
    batch = OpenBatch()
    for time, row in enumerate(rows):
        batch.add_row(time, 0, cells(row))
    times, columns = decode_batch(batch.encoded())
    assert times.tolist() == list(range(len(rows)))
    names = {name for row in rows for name, value in row.items() if value is not None}
    assert {name: column.tolist() for name, column in columns.items()} == {
        name: [row.get(name) for row in rows] for name in names
    }


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (1.5, "doubles"),
        (np.float32(1.5), "floats"),
        (7, "int64s"),
        (np.int32(7), "int32s"),
        (np.uint8(7), "int32s"),
        (True, "bools"),
        (np.bool_(True), "bools"),
        ("x", "strings"),
    ],
)
def test_the_type_of_a_value_chooses_its_field(value: Any, kind: str) -> None:
    assert kinds({"a": value}) == {"a": kind}


def test_none_and_nan_are_no_values() -> None:
    assert not cells({"a": None, "b": float("nan"), "c": np.float32("nan")})


@pytest.mark.parametrize("value", [b"x", [1.0], 1j, np.datetime64("2026-01-01")])
def test_other_types_are_rejected_by_name(value: Any) -> None:
    with pytest.raises(ValueError, match="The value of a has the"):
        cells({"a": value})


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, "\ud800"])
def test_values_that_no_batch_can_hold_are_rejected_by_name(value: Any) -> None:
    with pytest.raises(ValueError, match="The value of a "):
        cells({"a": value})


def test_a_value_of_another_type_does_not_fit() -> None:
    batch = OpenBatch()
    batch.add_row(1, 0, cells({"a": 1.5}))
    assert batch.accepts(0, cells({"a": 2.5, "b": 1}))
    assert not batch.accepts(0, cells({"a": 2}))


def test_rows_of_many_devices_share_a_batch_and_the_key_s_own_do_not() -> None:
    batch = OpenBatch()
    batch.add_row(1, 5, cells({"a": 1.5}))
    assert batch.accepts(6, cells({"a": 1.5}))
    assert not batch.accepts(0, cells({"a": 1.5}))
    batch.add_row(2, 6, cells({"a": 2.5}))
    assert batch.encoded().device_ids == [5, 6]


def test_rows_of_one_device_name_it_once() -> None:
    batch = OpenBatch()
    for time in (1, 2):
        batch.add_row(time, 5, cells({"a": 1.5}))
    assert (batch.encoded().device_id, list(batch.encoded().device_ids)) == (5, [])


@given(st.integers(1, 300), st.integers(1, 50), st.integers(40, 2_000))
def test_columns_are_split_at_the_limits(rows: int, most_rows: int, most_bytes: int) -> None:
    limits = BatchLimits(most_rows, most_bytes)
    part = columns_of(range(rows), {"a": np.arange(rows) / 2, "text": ["x" * (row % 7) for row in range(rows)]}, 0)
    pieces = list(split(part, OpenBatch(), limits))
    assert np.concatenate([piece.times for piece in pieces]).tolist() == list(range(rows))
    for piece in pieces:
        assert len(piece.times) <= most_rows
        # Without its last row a piece is below the limit.
        assert len(piece.times) == 1 or int(piece.sizes[:-1].sum()) < most_bytes


def test_columns_follow_rows_in_a_batch() -> None:
    batch = OpenBatch()
    batch.add_row(1, 0, cells({"a": 1.5}))
    batch.add_columns(columns_of([2, 3], {"a": [2.5, None], "b": [1, 2]}, 0))
    batch.add_row(4, 0, cells({"b": 9}))
    _, columns = decode_batch(batch.encoded())
    assert columns["a"].tolist() == [1.5, 2.5, None, None]
    assert columns["b"].tolist() == [None, 1, 2, 9]
