"""Writes the constants of the Python client from the enums with words in the contract."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from google.protobuf.descriptor import EnumDescriptor

from iotflow.contract import word
from iotflow.v1 import words_pb2

MODULE = Path(__file__).resolve().parent.parent / "clients" / "python" / "iotflow" / "words.py"
HEAD = '"""Closed sets of words of the contract. Generated from iotflow/v1/words.proto by `make generate`."""'


def module() -> str:
    """The module, with a class for each enum in the order of the contract."""
    enums = words_pb2.DESCRIPTOR.enum_types_by_name.values()
    return "\n".join((HEAD, "", "from enum import StrEnum", *(line for enum in enums for line in lines(enum)), ""))


def lines(enum: EnumDescriptor) -> Iterator[str]:
    """The class of one enum."""
    yield from ("", "", f"class {enum.name}(StrEnum):", f'    """See {enum.name} in words.proto."""', "")
    prefix = enum.values_by_number[0].name.removesuffix("UNSPECIFIED")
    for value in enum.values:
        if value.number:
            yield f'    {value.name.removeprefix(prefix)} = "{word(value)}"'


if __name__ == "__main__":
    MODULE.write_text(module())
    subprocess.run(["ruff", "format", "--quiet", MODULE], check=True)
