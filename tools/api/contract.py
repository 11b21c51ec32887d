"""The sources of the references: the descriptors from the generated stubs, the comments, which the stubs do not contain, and
details.toml.
"""

import importlib
import re
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor, FileDescriptor, MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto, FileDescriptorSet
from google.protobuf.descriptor_pool import Default

from tools import contract
from tools.protoc_gen_python import RULES

# Field numbers of descriptor.proto, of which the paths in source information consist.
_MESSAGES, _SERVICES = 4, 6
_FIELDS, _NESTED, _METHODS = 2, 3, 2
_Path = tuple[int, ...]

PACKAGE = "iotflow.v1."

SOURCE = Path(__file__).with_name("details.toml")


def comments_of(file: FileDescriptorProto) -> Iterator[tuple[str, str]]:
    """Full names with their comments."""
    names = dict(_names(file))
    for location in file.source_code_info.location:
        name = names.get(tuple(location.path))
        if name and location.leading_comments:
            yield name, paragraphs(location.leading_comments)


def paragraphs(comment: str) -> str:
    """The comment with one line per paragraph, without directives for linters."""
    lines = [line.strip() for line in comment.splitlines() if "buf:lint:" not in line]
    blocks = re.split(r"\n\s*\n", "\n".join(lines).strip())
    return "\n\n".join(" ".join(block.split()) for block in blocks)


def _names(file: FileDescriptorProto) -> Iterator[tuple[_Path, str]]:
    for index, message in enumerate(file.message_type):
        yield from _of_message(message, (_MESSAGES, index), file.package)
    for index, service in enumerate(file.service):
        path, name = (_SERVICES, index), f"{file.package}.{service.name}"
        yield path, name
        yield from (((*path, _METHODS, n), f"{name}.{method.name}") for n, method in enumerate(service.method))


def _of_message(message: DescriptorProto, path: _Path, scope: str) -> Iterator[tuple[_Path, str]]:
    name = f"{scope}.{message.name}"
    yield path, name
    yield from (((*path, _FIELDS, n), f"{name}.{field.name}") for n, field in enumerate(message.field))
    for index, nested in enumerate(message.nested_type):
        yield from _of_message(nested, (*path, _NESTED, index), name)


@dataclass(frozen=True)
class Contract:
    """comments: by the full name of the element they describe, one line per paragraph."""

    files: list[FileDescriptor]
    comments: dict[str, str]

    @property
    def services(self) -> list[ServiceDescriptor]:
        """All services, in the order of their files."""
        return [service for file in self.files for service in file.services_by_name.values()]

    @property
    def methods(self) -> list[MethodDescriptor]:
        """The methods of all services."""
        return [method for service in self.services for method in service.methods]

    def message(self, name: str) -> Descriptor:
        """A message by its name without the package."""
        for file in self.files:
            if name in file.message_types_by_name:
                found: Descriptor = file.message_types_by_name[name]
                return found
        raise LookupError(f"The contract has no message {name}.")

    def comment(self, full_name: str) -> str:
        """The comment of a service, method, message or field; empty where there is none."""
        return self.comments.get(full_name, "")


@cache
def load() -> Contract:
    """The contract of this repository."""
    contract.deps()
    image = contract.buf("build", "-o", "-", stdout=subprocess.PIPE)
    files = {file.name: file for file in FileDescriptorSet.FromString(image).file}
    _declare(files[RULES])
    own = [file for file in files.values() if (contract.ROOT / "proto" / file.name).exists()]
    comments = {name: text for file in own for name, text in comments_of(file)}
    return Contract([_stub(file.name) for file in own], comments)


def short_name(field: FieldDescriptor) -> str:
    """A field's name with its message's, without the package."""
    name: str = field.full_name
    return name.removeprefix(PACKAGE)


def _declare(rules: FileDescriptorProto) -> None:
    """Add the declaration of the rules, which the stubs do not import."""
    for name in rules.dependency:
        _stub(name)
    Default().Add(rules)


def _stub(name: str) -> FileDescriptor:
    module = importlib.import_module(name.removesuffix(".proto").replace("/", ".") + "_pb2")
    found: FileDescriptor = module.DESCRIPTOR
    return found


@dataclass(frozen=True)
class Details:
    """The tables of details.toml, which describes each."""

    created: list[str]
    also: dict[str, dict[str, str]]
    media: dict[str, list[str]]
    omitted: dict[str, list[str]]
    values: dict[str, Any]


def details() -> Details:
    """Read details.toml."""
    return Details(**tomllib.loads(SOURCE.read_text()))
