"""Readings of one shape share it, and readings with a measurement of another type do not fit together."""

import pytest

from iotflow.readings import Values
from iotflow_gateway.pipeline.shapes import Shape, shape_of, union


def test_readings_of_one_shape_share_it() -> None:
    first, second = shape_of({"a": 1.0, "b": "x"}), shape_of({"a": 2.0, "b": ""})
    assert first is second
    assert first == {"a": float, "b": str}


@pytest.mark.parametrize("other", [{"b": "x", "a": 1.0}, {"a": 1, "b": "x"}, {"a": 1.0, "b": True}, {"a": 1.0}])
def test_other_measurements_types_and_orders_are_other_shapes(other: Values) -> None:
    assert shape_of(other) is not shape_of({"a": 1.0, "b": "x"})


def test_a_shape_of_very_many_measurements_is_described_too() -> None:
    wide: Values = {f"m{number}": 1.0 for number in range(1_000)}
    assert shape_of(wide) == dict.fromkeys(wide, float)


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ({"a": float}, {"a": float}, {"a": float}),
        ({"a": float, "b": str}, {"a": float}, {"a": float, "b": str}),
        ({"a": float}, {"b": str}, {"a": float, "b": str}),
        ({"a": float}, {"a": int}, None),
        ({"a": float, "b": str}, {"c": int, "b": bool}, None),
        ({}, {"a": float}, {"a": float}),
    ],
)
def test_the_measurements_of_two_shapes(one: Shape, other: Shape, both: Shape | None) -> None:
    assert union(one, other) == both
    assert union(other, one) == both
