"""The start of a stream: its headers, or the status of its rejection."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor

from iotflow.contract import methods, path
from iotflow.v1 import telemetry_pb2
from iotflow.words import Role
from iotflow_server.auth.permissions import permissions
from tests.integration.grpc.device import Caller, batch

pytestmark = pytest.mark.usefixtures("loop_of_the_module")

PATIENCE = 20.0
REFUSED_CALLS, AT_A_TIME = 60, 6


@pytest.fixture(scope="module")
def server_settings() -> dict[str, object]:
    """Allow more wrong keys than by default."""
    return {"wrong_credentials_per_minute": 100_000}


# What a request has to have.
REQUIRED = {"WatchMqttConnections": {"endpoint": "e"}}
METHODS = [method for method in methods() if method.server_streaming]
BOTH_WAYS = [method for method in METHODS if method.client_streaming]


def opened(channel: grpc.aio.Channel, method: MethodDescriptor, metadata: Any, messages: Any = None) -> Any:
    """The call. A bidirectional stream sends nothing without `messages`."""
    answer = message_factory.GetMessageClass(method.output_type).FromString
    if method.client_streaming:
        ask = message_factory.GetMessageClass(method.input_type).SerializeToString
        return channel.stream_stream(path(method), ask, answer)(messages, metadata=metadata)
    request = message_factory.GetMessageClass(method.input_type)(**REQUIRED.get(method.name, {}))
    ask = message_factory.GetMessageClass(method.input_type).SerializeToString
    return channel.unary_stream(path(method), ask, answer)(request, metadata=metadata)


@pytest.mark.parametrize("method", METHODS, ids=path)
async def test_headers_are_sent_before_the_first_message(
    grpc_addr: str, device: Caller, admin_metadata: tuple[tuple[str, str], ...], method: MethodDescriptor
) -> None:
    metadata = (
        admin_metadata
        if Role.ADMIN in permissions(public_reads=False, public_diagnostics=False)[path(method)]
        else device.metadata
    )

    async with grpc.aio.insecure_channel(grpc_addr) as channel, asyncio.timeout(PATIENCE):
        call = opened(channel, method, metadata)
        await call.initial_metadata()
        assert not call.done() or await call.code() is grpc.StatusCode.OK
        call.cancel()


@pytest.mark.parametrize("method", BOTH_WAYS, ids=path)
@pytest.mark.parametrize("batches", [1, 20])
async def test_a_rejected_stream_has_the_status_of_the_server(
    grpc_addr: str, method: MethodDescriptor, batches: int
) -> None:
    """Also for clients of grpc.aio, which report INTERNAL if a status arrives during a write."""

    async def sent() -> AsyncIterator[Any]:
        for sequence in range(1, batches + 1):
            yield batch(sequence, rows=100) if method.name == "StreamTelemetry" else _empty(method)

    async def status(channel: grpc.aio.Channel) -> grpc.StatusCode:
        call = opened(channel, method, (("x-api-key", "wrong"),), sent())
        return grpc.StatusCode(await call.code())

    found: set[grpc.StatusCode] = set()
    async with grpc.aio.insecure_channel(grpc_addr) as channel, asyncio.timeout(PATIENCE):
        for _ in range(REFUSED_CALLS // AT_A_TIME):
            found |= set(await asyncio.gather(*(status(channel) for _ in range(AT_A_TIME))))
    assert found == {grpc.StatusCode.UNAUTHENTICATED}


async def test_a_rejected_caller_that_continues_to_write_is_disconnected(grpc_addr: str) -> None:
    async def without_end() -> AsyncIterator[telemetry_pb2.TelemetryBatch]:
        sequence = 1
        while True:
            yield batch(sequence)
            sequence += 1

    (method,) = (method for method in BOTH_WAYS if method.name == "StreamTelemetry")
    async with grpc.aio.insecure_channel(grpc_addr) as channel, asyncio.timeout(PATIENCE):
        call = opened(channel, method, (("x-api-key", "wrong"),), without_end())
        assert grpc.StatusCode(await call.code()) is not grpc.StatusCode.OK


def _empty(method: MethodDescriptor) -> Any:
    return message_factory.GetMessageClass(method.input_type)()
