"""Objects of the contract as the models take them."""

import math

from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct

from iotflow_simulators.doors.structs import plain


def test_an_object_with_every_kind_of_value() -> None:
    content = {"w": 200, "f": 0.5, "t": "eco", "b": True, "n": None, "o": {"l": [1, "x", [2.5]]}}
    struct = json_format.ParseDict(content, Struct())
    found = plain(struct)
    assert found == content
    assert isinstance(found["w"], int)


def test_numbers_that_json_cannot_express_are_left_as_they_are() -> None:
    struct = Struct()
    struct.update({"nan": math.nan, "infinite": math.inf})
    found = plain(struct)
    assert math.isnan(found["nan"])
    assert found["infinite"] == math.inf
