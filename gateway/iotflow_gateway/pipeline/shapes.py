"""The shape of a reading: its measurements in order, and the types of their values. Readings of one shape are joined without a look
at each value."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from iotflow.readings import Values

# By measurement: float, int, bool or str.
Shape = Mapping[str, type]

# Shapes that are remembered, and measurements of such a shape, so that the memory is bounded: at most 50 MB.
_REMEMBERED, _REMEMBERED_WIDTH = 1_024, 64


def shape_of(values: Values) -> Shape:
    """The shape of a reading. Readings of the same shape share one object, as long as it is remembered."""
    key = (*values, *map(type, values.values()))
    return _remembered(key) if len(values) <= _REMEMBERED_WIDTH else _shape(key)


def _shape(key: tuple[Any, ...]) -> Shape:
    width = len(key) // 2
    return dict(zip(key[:width], key[width:], strict=True))


_remembered = lru_cache(_REMEMBERED)(_shape)


def union(shape: Shape, other: Shape) -> Shape | None:
    """The measurements of both; None: a measurement has different types. The first one itself if the other has no more."""
    if shape is other:
        return shape
    if any(shape.get(name, kind) is not kind for name, kind in other.items()):
        return None
    return shape if other.keys() <= shape.keys() else {**shape, **other}
