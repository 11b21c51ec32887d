"""The comments of a .proto file, by the full name of the element they describe."""

import re
from collections.abc import Iterator

from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto

# Field numbers of descriptor.proto, of which the paths in source information consist.
_MESSAGES, _SERVICES = 4, 6
_FIELDS, _NESTED, _METHODS = 2, 3, 2
_Path = tuple[int, ...]


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
