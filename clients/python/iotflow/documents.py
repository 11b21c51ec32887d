"""JSON objects of the contract: configurations, and the parameters and results of commands."""

from collections.abc import Mapping
from typing import Any

from google.protobuf import json_format, struct_pb2


def from_struct(struct: struct_pb2.Struct) -> dict[str, Any]:
    """The object. Raises ValueError where JSON cannot express it, such as NaN."""
    try:
        return json_format.MessageToDict(struct)
    except json_format.Error as error:
        raise ValueError(str(error)) from None


def to_struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    """The object in the form of the contract. Raises ValueError and TypeError where JSON cannot express it."""
    struct = struct_pb2.Struct()
    struct.update(dict(values))
    from_struct(struct)
    return struct
