"""JSON objects of the contract as plain values. A Struct has numbers of floating point only, and may have NaN."""

from typing import Any

from google.protobuf.struct_pb2 import Struct, Value


def plain(struct: Struct) -> dict[str, Any]:
    """The object, with whole numbers as int."""
    return {key: _plain(value) for key, value in struct.fields.items()}


def _plain(value: Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return plain(value.struct_value)
    if kind == "list_value":
        return [_plain(each) for each in value.list_value.values]
    if kind == "number_value":
        number = value.number_value
        return int(number) if number.is_integer() else number
    return getattr(value, kind) if kind in ("string_value", "bool_value") else None
