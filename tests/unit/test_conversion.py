"""Conversion of columns to another type rejects exactly the values that would change."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotflow_server.telemetry.batch import Column, ValueType
from iotflow_server.telemetry.type_conversion import convert, runs

DOUBLE, FLOAT, INT64, INT32, BOOLEAN, TEXT = ValueType

FITS: list[tuple[ValueType, Any, ValueType, Any]] = [
    (DOUBLE, 2.0, INT32, 2),
    (DOUBLE, 2.5, FLOAT, 2.5),
    (DOUBLE, -0.0, INT64, 0),
    (DOUBLE, -(2.0**63), INT64, -(2**63)),
    (DOUBLE, 2.0**63 - 1024, INT64, 2**63 - 1024),
    (DOUBLE, 2.0**31 - 1, INT32, 2**31 - 1),
    (DOUBLE, float(np.finfo(np.float32).max), FLOAT, float(np.finfo(np.float32).max)),
    (FLOAT, 0.5, DOUBLE, 0.5),
    (FLOAT, -(2.0**31), INT32, -(2**31)),
    (FLOAT, -(2.0**63), INT64, -(2**63)),
    (INT64, 7, DOUBLE, 7.0),
    (INT64, -(2**63), DOUBLE, -(2.0**63)),
    (INT64, 2**53, DOUBLE, 2.0**53),
    (INT64, 2**31 - 1, INT32, 2**31 - 1),
    (INT64, 2**62, FLOAT, 2.0**62),
    (INT32, 2**31 - 1, INT64, 2**31 - 1),
    (INT32, 2**24, FLOAT, 2.0**24),
    (INT32, 2**31 - 1, DOUBLE, 2.0**31 - 1),
    (BOOLEAN, True, BOOLEAN, True),
    (TEXT, "7", TEXT, "7"),
]

MISFITS: list[tuple[ValueType, Any, ValueType]] = [
    (DOUBLE, 2.5, INT64),
    (DOUBLE, 0.1, FLOAT),
    (DOUBLE, 1e39, FLOAT),
    (DOUBLE, 1e-50, FLOAT),
    (DOUBLE, 2.0**63, INT64),
    (DOUBLE, -1e300, INT64),
    (DOUBLE, 2.0**31, INT32),
    (DOUBLE, -(2.0**31) - 1, INT32),
    (FLOAT, 2.0**31, INT32),
    (FLOAT, 2.0**63, INT64),
    (INT64, 2**53 + 1, DOUBLE),
    (INT64, 2**63 - 1, DOUBLE),
    (INT64, 2**63 - 1, FLOAT),
    (INT64, 2**31, INT32),
    (INT64, 2**32 + 1, INT32),
    (INT32, 2**24 + 1, FLOAT),
    (INT32, 2**31 - 1, FLOAT),
    (BOOLEAN, True, INT32),
    (BOOLEAN, True, DOUBLE),
    (INT32, 1, BOOLEAN),
    (TEXT, "7", INT64),
    (DOUBLE, 7.0, TEXT),
    (BOOLEAN, True, TEXT),
    (TEXT, "true", BOOLEAN),
]


def column(value_type: ValueType, *values: Any, valid: list[bool] | None = None) -> Column:
    return Column("m", value_type, np.array(values, value_type.dtype), None if valid is None else np.array(valid))


@pytest.mark.parametrize(("source", "value", "target", "expected"), FITS)
def test_a_converted_value_is_equal(source: ValueType, value: Any, target: ValueType, expected: Any) -> None:
    values, misfits = convert(column(source, value), target)
    assert values.dtype == target.dtype
    assert values.tolist() == [expected]
    assert misfits.tolist() == [False]


@pytest.mark.parametrize(("source", "value", "target"), MISFITS)
def test_a_value_that_would_change_is_a_misfit(source: ValueType, value: Any, target: ValueType) -> None:
    values, misfits = convert(column(source, value), target)
    assert values.dtype == target.dtype
    assert misfits.tolist() == [True]


def test_the_sign_of_zero_is_kept_between_floating_point_types() -> None:
    values, _ = convert(column(DOUBLE, -0.0), FLOAT)
    assert np.signbit(values).tolist() == [True]


def test_missing_values_are_never_misfits() -> None:
    _, misfits = convert(column(DOUBLE, np.nan, np.inf, 2.5, 1.0, valid=[False, False, True, True]), INT32)
    assert misfits.tolist() == [False, False, True, False]


@given(st.integers(-(2**63), 2**63 - 1), st.sampled_from([DOUBLE, FLOAT, INT32]))
def test_integers_fit_if_they_can_be_converted_back(value: int, target: ValueType) -> None:
    converted, misfits = convert(column(INT64, value), target)
    if target is INT32:
        equal = -(2**31) <= value < 2**31
    else:
        equal = float(value if target is DOUBLE else np.float32(value)) == value
    assert misfits.tolist() == [not equal]
    assert not equal or converted.tolist() == [value]


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([FLOAT, INT64, INT32]))
def test_floating_point_values_fit_if_the_type_has_the_number(value: float, target: ValueType) -> None:
    converted, misfits = convert(column(DOUBLE, value), target)
    bits = {INT64: 63, INT32: 31}
    if target is FLOAT:
        with np.errstate(over="ignore", under="ignore"):
            equal = float(np.float32(value)) == value
    else:
        equal = value.is_integer() and -(2 ** bits[target]) <= int(value) < 2 ** bits[target]
    assert misfits.tolist() == [not equal]
    assert not equal or converted.tolist() == [value]


@given(st.lists(st.booleans()))
def test_runs_have_every_true_row_once(rows: list[bool]) -> None:
    found = runs(np.array(rows, np.bool_))
    named = [index + step for index, length in found for step in range(length)]
    assert named == [index for index, row in enumerate(rows) if row]
    assert all(first + length < later for (first, length), (later, _) in pairwise(found))
