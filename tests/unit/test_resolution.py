"""The conversion of a batch to the types of its device."""

from typing import Any

import numpy as np

from iotflow_server.telemetry.batch import Batch, Column, ValueType
from iotflow_server.telemetry.resolution import Resolved, resolve

DOUBLE, FLOAT, INT64, INT32, BOOLEAN, TEXT = ValueType


def column(measurement: str, value_type: ValueType, *values: Any) -> Column:
    """None: no value in this row."""
    blank = "" if value_type is TEXT else 0
    valid = np.array([value is not None for value in values])
    held = np.array([blank if value is None else value for value in values], value_type.dtype)
    return Column(measurement, value_type, held, None if valid.all() else valid)


def resolved(*columns: Column, known: dict[str, ValueType] | None = None, atomic: bool = False) -> Resolved:
    times = np.arange(len(columns[0].values), dtype=np.int64)
    return resolve(Batch(1, times, columns, atomic), known or {})


def rows(column: Column) -> list[Any]:
    valid = np.ones(len(column.values), np.bool_) if column.valid is None else column.valid
    return [value if present else None for value, present in zip(column.values.tolist(), valid, strict=True)]


def test_columns_of_the_known_type_are_unchanged() -> None:
    first, second = column("a", DOUBLE, 1.0, 2.0), column("b", TEXT, "x", None)
    found = resolved(first, second, known={"a": DOUBLE, "b": TEXT})
    assert found == Resolved((first, second))
    assert found.columns[0].values is first.values


def test_the_first_value_sets_the_type_of_later_columns() -> None:
    found = resolved(column("a", DOUBLE, None, 2.0, 2.5, None), column("a", INT32, 1, None, None, 4))
    assert found.new_types == {"a": INT32}
    assert [rows(one) for one in found.columns] == [[1, 2, None, 4]]
    assert [(one.index, one.count, one.measurement, one.reason) for one in found.rejections] == [
        (2, 1, "a", "TYPE_CONFLICT")
    ]


def test_columns_of_one_measurement_are_merged_row_by_row() -> None:
    found = resolved(column("a", DOUBLE, None, 2.0, None), column("a", INT64, 1, None, None), known={"a": DOUBLE})
    assert [rows(one) for one in found.columns] == [[1.0, 2.0, None]]


def test_a_column_without_a_value_sets_no_type() -> None:
    found = resolved(column("a", TEXT, None, None), column("b", DOUBLE, 1.0, 2.0))
    assert found.new_types == {"b": DOUBLE}
    assert [one.measurement for one in found.columns] == ["b"]


def test_adjacent_misfits_are_one_rejection() -> None:
    found = resolved(column("a", DOUBLE, 0.5, 1.5, 2.0, 2.5, None, 3.5), known={"a": INT64})
    assert [(one.index, one.count) for one in found.rejections] == [(0, 2), (3, 1), (5, 1)]
    assert [rows(one) for one in found.columns] == [[None, None, 2, None, None, None]]


def test_a_rejection_names_the_types_and_is_permanent() -> None:
    (rejection,) = resolved(column("a", TEXT, "x"), known={"a": INT64}).rejections
    assert "TEXT" in rejection.message
    assert "INT64" in rejection.message
    assert not rejection.retryable


def test_an_atomic_batch_with_a_misfit_is_rejected_whole_and_sets_no_type() -> None:
    found = resolved(column("a", DOUBLE, 0.5), column("new", DOUBLE, 1.0), known={"a": INT64}, atomic=True)
    assert found.columns == ()
    assert found.new_types == {}
    assert [one.measurement for one in found.rejections] == ["a"]
