"""A stand-in for the server whose handling of telemetry the test controls."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import grpc

from iotflow.v1 import device_service_pb2
from iotflow.v1.telemetry_pb2 import Rejection, TelemetryBatch
from iotflow.v1.telemetry_service_pb2 import StreamTelemetryResponse
from tests.support.scripted_server import generic_handler, heartbeat

Context: TypeAlias = "grpc.aio.ServicerContext[TelemetryBatch, StreamTelemetryResponse]"


def acknowledgement(sequence: int, *rejected: Rejection) -> StreamTelemetryResponse:
    """An acknowledgement of all batches up to this sequence number."""
    return StreamTelemetryResponse(committed_sequence=sequence, rejected=rejected)


class Standin:
    """Acknowledges every batch, unless `take` is replaced. received: the batches of each connection, in order."""

    def __init__(self) -> None:
        self.received: list[list[TelemetryBatch]] = []
        self.take: Callable[[TelemetryBatch, Context], Awaitable[StreamTelemetryResponse | None]] = self.store
        self._arrived = asyncio.Condition()

    @staticmethod
    async def store(batch: TelemetryBatch, _context: Context) -> StreamTelemetryResponse:
        return acknowledgement(batch.sequence)

    @property
    def sequences(self) -> list[list[int]]:
        """The sequence numbers received over each connection."""
        return [[batch.sequence for batch in connection] for connection in self.received]

    async def received_in_all(self, batches: int) -> None:
        """Wait for this number of batches over all connections."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: sum(map(len, self.received)) >= batches)

    async def stream(
        self, batches: AsyncIterator[TelemetryBatch], context: Context
    ) -> AsyncIterator[StreamTelemetryResponse]:
        """StreamTelemetry."""
        await context.send_initial_metadata(())
        connection: list[TelemetryBatch] = []
        self.received.append(connection)
        async for batch in batches:
            connection.append(batch)
            async with self._arrived:
                self._arrived.notify_all()
            answer = await self.take(batch, context)
            if answer is not None:
                yield answer


@asynccontextmanager
async def serving(standin: Standin, port: int = 0) -> AsyncIterator[str]:
    """The address of the stand-in. At the end of the block it stops at once and closes all connections."""
    server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
    stream: Any = grpc.stream_stream_rpc_method_handler(
        standin.stream, TelemetryBatch.FromString, StreamTelemetryResponse.SerializeToString
    )
    service = grpc.method_handlers_generic_handler("iotflow.v1.TelemetryService", {"StreamTelemetry": stream})
    keys = generic_handler(device_service_pb2.DESCRIPTOR, {"SendHeartbeat": heartbeat})
    server.add_generic_rpc_handlers((service, keys))
    port = server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(None)
