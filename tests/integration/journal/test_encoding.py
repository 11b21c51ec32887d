"""Batches are read from the journal as they were written."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from iotflow_server.telemetry.batch import Batch, Column, ValueType
from iotflow_server.telemetry.batch_encoding import decode, encode

# Includes lone surrogates: stores may reject them, but the journal must not fail.
TEXTS = st.text(st.characters(), max_size=5)


@st.composite
def columns(draw: st.DrawFn, rows: int) -> Column:
    kind = draw(st.sampled_from(ValueType))
    valid = draw(st.none() | arrays.arrays(np.bool_, rows))
    if kind is ValueType.TEXT:
        values: Any = np.empty(rows, object)
        values[:] = draw(st.lists(TEXTS, min_size=rows, max_size=rows))
    else:
        values = draw(arrays.arrays(kind.dtype, rows))
    return Column(draw(TEXTS), kind, values, valid)


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    rows = draw(st.integers(0, 20))
    held = draw(st.lists(columns(rows), max_size=4))
    device_id = draw(st.integers(-(2**63), 2**63 - 1))
    return Batch(device_id, draw(arrays.arrays(np.int64, rows)), tuple(held), draw(st.booleans()))


def in_use(column: Column) -> bytes | list[str]:
    """The values of the rows that have one; floats compared bitwise."""
    values = column.values if column.valid is None else column.values[column.valid]
    return values.tolist() if column.type is ValueType.TEXT else values.tobytes()


@given(st.lists(batches(), max_size=4))
def test_every_batch_is_decoded_unchanged(written: list[Batch]) -> None:
    read = decode(b"".join(encode(written)))
    assert [(one.device_id, one.times.tolist(), one.atomic) for one in read] == [
        (one.device_id, one.times.tolist(), one.atomic) for one in written
    ]
    for before, after in zip(written, read, strict=True):
        for one, other in zip(before.columns, after.columns, strict=True):
            assert (one.measurement, one.type, one.values.dtype) == (other.measurement, other.type, other.values.dtype)
            assert len(other.values) == len(before.times)
            assert in_use(one) == in_use(other)
            assert (one.valid is None) == (other.valid is None)
            assert one.valid is None or other.valid is None or one.valid.tolist() == other.valid.tolist()


def test_columns_that_are_not_contiguous() -> None:
    wide = np.arange(20, dtype=np.float64).reshape(10, 2)
    written = Batch(1, np.arange(20)[::2], (Column("m", ValueType.DOUBLE, wide[:, 1]),))
    (read,) = decode(b"".join(encode([written])))
    assert read.times.tolist() == list(range(0, 20, 2))
    assert read.columns[0].values.tolist() == list(range(1, 20, 2))
