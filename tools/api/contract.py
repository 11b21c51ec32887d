"""The descriptors of the contract from the generated stubs, and its comments, which the stubs do not contain."""

import importlib
import subprocess
import sysconfig
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from google.protobuf.descriptor import Descriptor, FieldDescriptor, FileDescriptor, MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.protobuf.descriptor_pool import Default

from tools import contract
from tools.api.comments import comments_of
from tools.protoc_gen_python import RULES

_BUF = Path(sysconfig.get_path("scripts"), "buf")
PACKAGE = "iotflow.v1."


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
    image = subprocess.run([_BUF, "build", "-o", "-"], cwd=contract.ROOT, check=True, capture_output=True).stdout
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
