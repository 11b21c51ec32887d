"""A server in this process with methods that a test writes, and a client's connection to it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import grpc
from google.protobuf.descriptor import FileDescriptor, MethodDescriptor
from google.protobuf.message_factory import GetMessageClass

from iotflow.connection import Connection

# Far above what a test takes: processors that are shared may stand still for seconds.
PATIENCE = 15.0


def key_of(context: Any) -> str:
    """The device's key in the metadata of a call."""
    return str(dict(context.invocation_metadata()).get("x-api-key", ""))


@asynccontextmanager
async def serving(file: FileDescriptor, methods: Mapping[str, Callable[..., Any]]) -> AsyncIterator[str]:
    """The address of a server. methods: of the file's only service, by name, as grpc.aio takes them.

    The block fails when it takes longer than PATIENCE.
    """
    (service,) = file.services_by_name.values()
    handlers = {name: _handler(service.methods_by_name[name], method) for name, method in methods.items()}
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service.full_name, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        async with asyncio.timeout(PATIENCE):
            yield f"127.0.0.1:{port}"
    finally:
        await server.stop(None)


@asynccontextmanager
async def connected(
    file: FileDescriptor, methods: Mapping[str, Callable[..., Any]], **options: Any
) -> AsyncIterator[Connection]:
    """A connection with the key `key` to a server as serving() starts it."""
    async with serving(file, methods) as address, Connection(address, **{"api_key": "key", **options}) as connection:
        yield connection


def _handler(method: MethodDescriptor, behaviour: Callable[..., Any]) -> Any:
    makers = {
        (False, False): grpc.unary_unary_rpc_method_handler,
        (False, True): grpc.unary_stream_rpc_method_handler,
        (True, True): grpc.stream_stream_rpc_method_handler,
    }
    request, response = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
    make: Any = makers[method.client_streaming, method.server_streaming]
    return make(behaviour, request.FromString, response.SerializeToString)
