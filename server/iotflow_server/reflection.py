"""Server reflection under both of its service names, for tools such as grpcurl and ghz."""

import contextlib
import functools
from collections.abc import Sequence
from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, text_format
from grpc_reflection.v1alpha import reflection, reflection_pb2

OLDER, NEWER = "grpc.reflection.v1alpha", "grpc.reflection.v1"
SERVICE, METHOD = "ServerReflection", "ServerReflectionInfo"
NAMES = (f"{OLDER}.{SERVICE}", f"{NEWER}.{SERVICE}")


def add_reflection(server: grpc.aio.Server, services: Sequence[str]) -> None:
    """Add reflection of these services, and of reflection itself, to the server."""
    servicer = reflection.aio.ReflectionServicer((*services, *NAMES), pool=_Symbols())
    handler = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        reflection_pb2.ServerReflectionRequest.FromString,
        reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    # Both services have the same messages, and therefore the same bytes.
    server.add_generic_rpc_handlers(
        tuple(grpc.method_handlers_generic_handler(name, {METHOD: handler}) for name in NAMES)
    )


class _Symbols:
    """A descriptor pool that also finds methods, and the v1 reflection, for which grpcio has no stubs."""

    def __init__(self) -> None:
        self._pools = (descriptor_pool.Default(), _newer_reflection())

    def FindFileContainingSymbol(self, symbol: str) -> Any:  # noqa: N802
        """Raises KeyError."""
        with contextlib.suppress(KeyError):
            return self._first("FindFileContainingSymbol", symbol)
        return self._first("FindMethodByName", symbol).containing_service.file

    def __getattr__(self, lookup: str) -> Any:
        return functools.partial(self._first, lookup)

    def _first(self, lookup: str, *arguments: Any) -> Any:
        first, second = self._pools
        with contextlib.suppress(KeyError):
            return getattr(first, lookup)(*arguments)
        return getattr(second, lookup)(*arguments)


def _newer_reflection() -> descriptor_pool.DescriptorPool:
    """The file of v1alpha with another package name, which is the only difference."""
    older = descriptor_pb2.FileDescriptorProto()
    reflection_pb2.DESCRIPTOR.CopyToProto(older)
    newer = text_format.Parse(
        text_format.MessageToString(older).replace("v1alpha", "v1"), descriptor_pb2.FileDescriptorProto()
    )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(newer)
    return pool
