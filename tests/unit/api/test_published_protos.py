"""The published sets of protos compile separately, and the plain set has the same messages without options."""

from importlib.resources import files
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from grpc_tools import protoc

from tools import protos

DECLARATIONS = {"buf/validate/validate.proto", "google/api/annotations.proto", "google/api/field_behavior.proto"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("protos")
    protos.write(made)
    return made


def compiled(folder: Path) -> dict[str, FileDescriptorProto]:
    """All files of a set, compiled by protoc with only the well-known types."""
    names = sorted(str(file.relative_to(folder)) for file in folder.rglob("*.proto"))
    out = folder.parent / f"{folder.name}.binpb"
    own = files("grpc_tools") / "_proto"
    assert protoc.main(["protoc", f"-I{folder}", f"-I{own}", f"--descriptor_set_out={out}", *names]) == 0
    return {file.name: file for file in FileDescriptorSet.FromString(out.read_bytes()).file}


def test_both_sets_compile_and_have_the_details_of_errors(folder: Path) -> None:
    for name in ("full", "plain"):
        assert {"google/rpc/error_details.proto", "google/rpc/status.proto"} <= set(compiled(folder / name))


def test_the_plain_set_needs_no_declaration_of_options(folder: Path) -> None:
    found = compiled(folder / "plain")
    for file in found.values():
        assert not DECLARATIONS & {file.name, *file.dependency}, file.name
    assert "google/protobuf/descriptor.proto" not in {name for file in found.values() for name in file.dependency}


def test_the_plain_set_has_the_same_messages_and_services(folder: Path) -> None:
    full, plain = compiled(folder / "full"), compiled(folder / "plain")
    own = [name for name in plain if name.startswith("iotflow/")]
    assert len(own) >= 18
    for name in own:
        assert without_options(plain[name]) == without_options(full[name]), name


def without_options(file: FileDescriptorProto) -> FileDescriptorProto:
    kept = FileDescriptorProto()
    kept.CopyFrom(file)
    del kept.dependency[:]
    for service in kept.service:
        for method in service.method:
            method.ClearField("options")
    for message in kept.message_type:
        _clear(message)
    return kept


def _clear(message: descriptor_pb2.DescriptorProto) -> None:
    message.ClearField("options")
    for field in message.field:
        field.ClearField("options")
    for oneof in message.oneof_decl:
        oneof.ClearField("options")
    for nested in message.nested_type:
        is_map = nested.options.map_entry
        _clear(nested)
        nested.options.map_entry = is_map


@pytest.mark.parametrize("source", ['// option (a) = {b: "]"};\n', 'string a = 1 [json_name = "b"];', '"option (a);"'])
def test_comments_strings_and_other_options_are_kept(source: str) -> None:
    assert protos.plain(source) == source
