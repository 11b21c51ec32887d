"""A protoc plugin that generates Python's stubs: messages and gRPC classes.

grpcio-tools has these generators only inside its own protoc, while buf needs a program with the plugin protocol. The stubs keep the
validation rules as bytes of the options, but do not import the file that declares them: its stub would be a top-level package of
the client, and would conflict with every other copy of it in the process.
"""

import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from google.protobuf.compiler.plugin_pb2 import CodeGeneratorRequest, CodeGeneratorResponse
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from grpc_tools import protoc

RULES = "buf/validate/validate.proto"


def generate(request: CodeGeneratorRequest) -> CodeGeneratorResponse:
    """Generate `*_pb2.py` for each requested file, and `*_pb2_grpc.py` for each with a service."""
    wanted = set(request.file_to_generate)
    with_services = [file.name for file in request.proto_file if file.name in wanted and file.service]
    response = CodeGeneratorResponse(supported_features=CodeGeneratorResponse.FEATURE_PROTO3_OPTIONAL)
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder, "image.binpb")
        image.write_bytes(FileDescriptorSet(file=without_rules(request.proto_file)).SerializeToString())
        out = Path(folder, "out")
        out.mkdir()
        for kind, names in (("python", sorted(wanted)), ("grpc_python", with_services)):
            if names and protoc.main(["protoc", f"--descriptor_set_in={image}", f"--{kind}_out={out}", *names]):
                response.error = f"protoc --{kind}_out failed"
                return response
        for path in sorted(out.rglob("*.py")):
            response.file.add(name=str(path.relative_to(out)), content=path.read_text())
    return response


def without_rules(files: Iterable[FileDescriptorProto]) -> list[FileDescriptorProto]:
    """The files without the file of the rules and without imports of it."""
    return [_without_import(file) for file in files if file.name != RULES]


def _without_import(file: FileDescriptorProto) -> FileDescriptorProto:
    kept = FileDescriptorProto()
    kept.CopyFrom(file)
    kept.dependency[:] = [name for name in file.dependency if name != RULES]
    return kept


if __name__ == "__main__":
    received = CodeGeneratorRequest.FromString(sys.stdin.buffer.read())
    sys.stdout.buffer.write(generate(received).SerializeToString())
