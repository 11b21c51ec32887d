"""Writes the constants of every client from the enums with words in the contract: python -m tools.words [language …]."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from google.protobuf.descriptor import EnumDescriptor

from iotflow.contract import word
from iotflow.v1 import words_pb2

CLIENTS = Path(__file__).resolve().parent.parent / "clients"
HEAD = "Closed sets of words of the contract. Generated from iotflow/v1/words.proto by `make generate`."


def constants(enum: EnumDescriptor) -> Iterator[tuple[str, str]]:
    """The name and the word of each constant."""
    prefix = enum.values_by_number[0].name.removesuffix("UNSPECIFIED")
    for value in enum.values:
        if value.number:
            yield value.name.removeprefix(prefix), word(value)


def python(enums: Iterable[EnumDescriptor]) -> Iterator[str]:
    yield from (f'"""{HEAD}"""', "", "from enum import StrEnum")
    for enum in enums:
        yield from ("", "", f"class {enum.name}(StrEnum):", f'    """See {enum.name} in words.proto."""', "")
        yield from (f'    {name} = "{text}"' for name, text in constants(enum))


def go(enums: Iterable[EnumDescriptor]) -> Iterator[str]:
    yield from (f"// {HEAD}", "", "package iotflowv1")
    for enum in enums:
        names = [(enum.name + _camel(name), text) for name, text in constants(enum)]
        width = max(len(name) for name, _ in names)
        yield from ("", f"// See {enum.name} in words.proto.", "const (")
        yield from (f'\t{name.ljust(width)} = "{text}"' for name, text in names)
        yield ")"


def typescript(enums: Iterable[EnumDescriptor]) -> Iterator[str]:
    yield f"// {HEAD}"
    for enum in enums:
        yield from ("", f"/** See {enum.name} in words.proto. */", f"export const {enum.name} = {{")
        yield from (f'  {name}: "{text}",' for name, text in constants(enum))
        yield from ("} as const;", f"export type {enum.name} = (typeof {enum.name})[keyof typeof {enum.name}];")


def java(enums: Iterable[EnumDescriptor]) -> Iterator[str]:
    yield from ("package iotflow.v1;", "", f"/** {HEAD} */", "public final class Words {", "  private Words() {}")
    for enum in enums:
        yield from ("", f"  /** See {enum.name} in words.proto. */", f"  public static final class {enum.name} {{")
        yield from (f'    public static final String {name} = "{text}";' for name, text in constants(enum))
        yield from ("", f"    private {enum.name}() {{}}", "  }")
    yield "}"


def rust(enums: Iterable[EnumDescriptor]) -> Iterator[str]:
    yield f"//! {HEAD}"
    for enum in enums:
        yield from ("", f"/// See {enum.name} in words.proto.", f"pub mod {_snake(enum.name)} {{")
        yield from (f'    pub const {name}: &str = "{text}";' for name, text in constants(enum))
        yield "}"


def c(enums: Iterable[EnumDescriptor]) -> Iterator[str]:
    yield from (f"/** {HEAD} */", "#ifndef IOTFLOW_V1_WORDS_H", "#define IOTFLOW_V1_WORDS_H")
    for enum in enums:
        yield from ("", f"/* See {enum.name} in words.proto. */")
        yield from (f'#define IOTFLOW_{_snake(enum.name).upper()}_{name} "{text}"' for name, text in constants(enum))
    yield from ("", "#endif")


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


# Each language's renderer and module.
LANGUAGES: dict[str, tuple[Callable[[Iterable[EnumDescriptor]], Iterator[str]], str]] = {
    "python": (python, "python/iotflow/words.py"),
    "go": (go, "go/iotflow/v1/words.go"),
    "typescript": (typescript, "typescript/src/gen/words.ts"),
    "java": (java, "java/src/generated/java/iotflow/v1/Words.java"),
    "rust": (rust, "rust/src/gen/words.rs"),
    "c": (c, "c/stubs/iotflow/v1/words.h"),
}


def module(language: str) -> str:
    """The module, with the enums in the order of the contract."""
    render, _ = LANGUAGES[language]
    return "\n".join((*render(words_pb2.DESCRIPTOR.enum_types_by_name.values()), ""))


def write(language: str) -> None:
    path = CLIENTS / LANGUAGES[language][1]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(module(language))
    if language == "python":
        subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", path], check=True)


if __name__ == "__main__":
    for wanted in sys.argv[1:] or LANGUAGES:
        write(wanted)
