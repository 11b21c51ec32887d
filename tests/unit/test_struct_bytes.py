"""Rows encoded by column equal rows encoded by cell."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from iotflow.v1.telemetry_service_pb2 import GetTelemetryResponse
from iotflow_server.rpc.codec.batch_encoding import encode_rows
from iotflow_server.rpc.codec.struct_bytes import rows_field
from iotflow_server.telemetry.batch import Batch, Column, ValueType
from iotflow_server.telemetry.times import FIRST_TIME, LAST_TIME
from iotflow_server.wire_format import varint

VALUES: dict[ValueType, st.SearchStrategy[Any]] = {
    ValueType.DOUBLE: st.floats(allow_nan=False, allow_infinity=False),
    ValueType.FLOAT: st.floats(width=32, allow_nan=False, allow_infinity=False),
    ValueType.INT64: st.integers(-(2**63), 2**63 - 1) | st.integers(-100, 100),
    ValueType.INT32: st.integers(-(2**31), 2**31 - 1),
    ValueType.BOOLEAN: st.booleans(),
    ValueType.TEXT: st.text(max_size=300),
}


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    rows = draw(st.integers(1, 5))
    times = draw(st.lists(st.integers(FIRST_TIME, LAST_TIME), min_size=rows, max_size=rows))
    names = draw(st.lists(st.text("abü_.", min_size=1, max_size=130), max_size=4, unique=True))
    return Batch(1, np.array(times, np.int64), tuple(draw(columns(name, rows)) for name in names))


@st.composite
def columns(draw: st.DrawFn, name: str, rows: int) -> Column:
    type_ = draw(st.sampled_from(ValueType))
    values = np.array(draw(st.lists(VALUES[type_], min_size=rows, max_size=rows)), type_.dtype)
    valid = draw(st.none() | st.binary(min_size=rows, max_size=rows))
    return Column(name, type_, values, None if valid is None else np.frombuffer(valid, np.uint8) % 2 == 1)


@given(batches())
@settings(max_examples=300, deadline=None)
def test_rows_by_column_equal_rows_by_cell(batch: Batch) -> None:
    merged = GetTelemetryResponse()
    merged.MergeFromString(rows_field(batch, GetTelemetryResponse.DATA_FIELD_NUMBER))
    assert merged == GetTelemetryResponse(data=encode_rows(batch))


def test_rows_with_length_prefixes_of_all_sizes() -> None:
    for size in (10, 100, 127, 128, 16_300, 16_400, 2_097_152):
        batch = Batch(1, np.array([0, 1]), (Column("a", ValueType.TEXT, np.array(["x" * size, "y"], object)),))
        merged = GetTelemetryResponse()
        merged.MergeFromString(rows_field(batch, GetTelemetryResponse.DATA_FIELD_NUMBER))
        assert [len(row.fields["a"].string_value) for row in merged.data] == [size, 1]


def test_varints_are_encoded() -> None:
    assert [varint(number) for number in (0, 127, 128, 300)] == [b"\0", b"\x7f", b"\x80\x01", b"\xac\x02"]
