"""Responses show a value as it was written, and not as its 32-bit float is widened to 64 bits."""

import numpy as np
import pytest
from google.protobuf.struct_pb2 import Value

from iotflow_server.rpc.codec.batch_encoding import put_value
from iotflow_server.telemetry.batch import ValueType


@pytest.mark.parametrize(
    ("type_", "content", "shown"),
    [
        (ValueType.FLOAT, float(np.float32(0.1)), 0.1),
        (ValueType.DOUBLE, float(np.float32(0.1)), 0.10000000149011612),
        (ValueType.DOUBLE, 0.1, 0.1),
    ],
)
def test_a_float_is_shown_with_as_many_digits_as_it_has(type_: ValueType, content: float, shown: float) -> None:
    value = Value()
    put_value(value, type_, content)
    assert value.number_value == shown
