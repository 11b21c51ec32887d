"""Encoding of arrays as batches, and decoding."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from iotflow.batches import decode_batch, encode_batch
from iotflow.v1.telemetry_pb2 import TelemetryBatch

FIELDS: list[tuple[Any, str]] = [
    (np.array([1.5, 2.5]), "doubles"),
    (np.array([1.5, 2.5], np.float16), "doubles"),
    (np.array([1.5, 2.5], np.float32), "floats"),
    (np.array([1, 2**62]), "int64s"),
    (np.array([1, 2**32 - 1], np.uint32), "int64s"),
    (np.array([1, -(2**31)], np.int32), "int32s"),
    (np.array([1, 255], np.uint8), "int32s"),
    (np.array([True, False]), "bools"),
    (np.array(["a", "ü"]), "strings"),
    (np.array(["a", "b"], object), "strings"),
    ([1.5, 2], "doubles"),
    ([1, 2], "int64s"),
    ([True, False], "bools"),
    (["a", ""], "strings"),
]


def field(batch: TelemetryBatch, measurement: str) -> str:
    column = next(column for column in batch.columns if column.measurement == measurement)
    [name] = [found.name for found, _ in column.ListFields() if found.name not in ("measurement", "validity")]
    return name


@pytest.mark.parametrize(("values", "expected"), FIELDS, ids=str)
def test_the_dtype_chooses_the_field(values: Any, expected: str) -> None:
    batch = encode_batch([1, 2], {"a": values})
    assert field(batch, "a") == expected
    assert not batch.columns[0].validity
    _, columns = decode_batch(batch)
    assert columns["a"].tolist() == list(values)


@pytest.mark.parametrize(
    ("values", "expected", "kept"),
    [
        ([None, 2.5, float("nan")], "doubles", [None, 2.5, None]),
        ([None, 2, 3], "int64s", [None, 2, 3]),
        ([None, "b", None], "strings", [None, "b", None]),
        ([True, None, False], "bools", [True, None, False]),
        (np.array([np.nan, 1.0, np.inf], np.float32), "floats", [None, 1.0, np.inf]),
        (np.ma.masked_array([1, 2, 3], [True, False, True], dtype=np.int32), "int32s", [None, 2, None]),
        (np.ma.masked_array([np.nan, 2.0, 3.0], [False, False, True]), "doubles", [None, 2.0, None]),
    ],
    ids=str,
)
def test_missing_values_are_masked(values: Any, expected: str, kept: list[Any]) -> None:
    batch = encode_batch([1, 2, 3], {"a": values})
    assert field(batch, "a") == expected
    assert decode_batch(batch)[1]["a"].tolist() == kept


@given(arrays.arrays(np.bool_, st.integers(1, 40)).filter(lambda present: present.any()))
def test_the_validity_bitmap_is_that_of_arrow(present: "np.ndarray[Any, np.dtype[np.bool_]]") -> None:
    values = np.where(present, 1.0, np.nan)
    [column] = encode_batch(np.arange(len(values)), {"a": values}).columns
    if present.all():
        assert column.validity == b""
    else:
        assert len(column.validity) == (len(values) + 7) // 8
        assert [bool(column.validity[row // 8] >> row % 8 & 1) for row in range(len(values))] == present.tolist()


def test_times_of_any_unit_are_encoded() -> None:
    times = np.array(["2013-07-04T00:00:00", "1969-12-31T23:59:59.999"], "datetime64[us]")
    batch = encode_batch(times, {"a": [1, 2]}, device_id=7, atomic=True)
    assert list(batch.timestamps) == [1_372_896_000_000, -1]
    assert (batch.device_id, batch.atomic) == (7, True)
    assert decode_batch(batch)[0].dtype == np.int64


def test_a_column_without_any_value_is_left_out() -> None:
    nothing: list[Any] = [None]
    batch = encode_batch([1], {"a": nothing, "b": [1.0], "c": [np.nan]})
    assert [column.measurement for column in batch.columns] == ["b"]


@pytest.mark.parametrize(
    ("times", "columns", "complaint"),
    [
        ([], {"a": []}, "at least one row"),
        ([1.5], {"a": [1]}, "whole milliseconds"),
        ([1, 2], {"a": [1]}, r"a has the shape \(1,\), but there are 2 timestamps"),
        ([1], {}, "has no value. Add at least one"),
        ([1], {"a": [None]}, "has no value. Add at least one"),
        ([1, 2], {"a": [1, "x"]}, "a mixes texts, booleans and numbers"),
        ([1, 2], {"a": [1, True]}, "a mixes texts, booleans and numbers"),
        ([1], {"a": np.array([1], np.uint64)}, "a has the dtype uint64"),
        ([1], {"a": np.array([1j])}, "a has the dtype complex128"),
        ([1], {"a": [2**70]}, "a has the dtype object"),
    ],
    ids=str,
)
def test_invalid_batches_are_rejected(times: Any, columns: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        encode_batch(times, columns)
