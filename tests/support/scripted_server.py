"""A server in this process with methods that a test writes, and a client's connection to it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import grpc
from google.protobuf.descriptor import FileDescriptor, MethodDescriptor
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2, status_pb2

from iotflow.connection import Connection
from iotflow.errors import DETAILS_KEY
from iotflow.v1 import device_service_pb2

# Far above what a test takes: processors that are shared may stand still for seconds.
PATIENCE = 15.0
# The device of every key, unless a test answers SendHeartbeat itself.
DEVICE_ID = 7


def key_of(context: Any) -> str:
    """The device's key in the metadata of a call."""
    return str(dict(context.invocation_metadata()).get("x-api-key", ""))


def reason_details(reason: str, *, retryable: bool = False) -> tuple[tuple[str, bytes], ...]:
    """The metadata at the end of a call in which the server gives the reason of the status."""
    info = error_details_pb2.ErrorInfo(domain="iotflow", reason=reason)
    info.metadata["retryable"] = "true" if retryable else "false"
    status = status_pb2.Status()
    status.details.add().Pack(info)
    return ((DETAILS_KEY, status.SerializeToString()),)


WRONG_KEY = reason_details("WRONG_KEY")


async def heartbeat(_request: Any, _context: Any) -> device_service_pb2.SendHeartbeatResponse:
    """SendHeartbeat: the key is that of DEVICE_ID."""
    return device_service_pb2.SendHeartbeatResponse(device_id=DEVICE_ID)


def generic_handler(file: FileDescriptor, methods: Mapping[str, Callable[..., Any]]) -> grpc.GenericRpcHandler:
    """Handles those of the methods that the file's only service has, by name, as grpc.aio takes them."""
    (service,) = file.services_by_name.values()
    known = {name: method for name, method in methods.items() if name in service.methods_by_name}
    handlers = {name: _handler(service.methods_by_name[name], method) for name, method in known.items()}
    return grpc.method_handlers_generic_handler(service.full_name, handlers)


@asynccontextmanager
async def serving(file: FileDescriptor, methods: Mapping[str, Callable[..., Any]]) -> AsyncIterator[str]:
    """The address of a server. methods: of the file's only service, and SendHeartbeat, which tells the device of a key: DEVICE_ID
    unless a test answers it.

    The block fails when it takes longer than PATIENCE.
    """
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    # The first one that has a method handles it.
    keys = generic_handler(device_service_pb2.DESCRIPTOR, {"SendHeartbeat": heartbeat, **methods})
    server.add_generic_rpc_handlers((generic_handler(file, methods), keys))
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
