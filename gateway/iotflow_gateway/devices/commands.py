"""The stream of commands from the server, with the delivery state of each."""

import asyncio
import contextlib

import grpc
import structlog

from iotflow.errors import server_error
from iotflow.v1.command_pb2 import Command, CommandReceipt
from iotflow.v1.gateway_service_pb2 import StreamDeviceCommandsRequest
from iotflow.v1.gateway_service_pb2_grpc import GatewayServiceStub
from iotflow_gateway.broker import Broker, CannotConnect
from iotflow_gateway.devices.deliveries import Deliveries
from iotflow_gateway.retries import StreamFailures
from iotflow_gateway.topics import Topics

log = structlog.get_logger(__name__)

RETRY_SECONDS = 0.5


class CommandStream:
    """While the broker is connected, a stream is open. The server offers commands without a reported state again on the next
    stream, under the same id."""

    def __init__(
        self, channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...], topics: Topics, broker: Broker
    ) -> None:
        self._stub = GatewayServiceStub(channel)
        self._metadata = metadata
        self._topics = topics
        self._broker = broker
        self._failures = StreamFailures("commands", longest=1.0)

    async def run(self) -> None:
        """Run until cancelled. Raises ServerError if the server rejects this adapter."""
        while True:
            await self._broker.connected()
            try:
                await self._stream()
            except CannotConnect:
                await asyncio.sleep(RETRY_SECONDS)
            except grpc.aio.AioRpcError as failure:
                await asyncio.sleep(self._failures.delay(server_error(failure)))

    async def _stream(self) -> None:
        call = self._stub.StreamDeviceCommands(metadata=self._metadata)
        # A call accepts one write at a time.
        writing = asyncio.Lock()

        async def report(command: Command, state: str) -> None:
            async with writing:
                request = StreamDeviceCommandsRequest(command_id=command.id, device_id=command.device_id, state=state)
                # The error of a call that has ended is raised where its messages are read.
                with contextlib.suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
                    await call.write(request)

        try:
            async with asyncio.TaskGroup() as tasks:
                deliveries = Deliveries(self._topics, self._broker, report, tasks)
                async for message in call:
                    self._failures.reset()
                    if message.HasField("command"):
                        deliveries.add(message.command)
                    else:
                        self._process_receipt(message.receipt, deliveries)
        except* (grpc.aio.AioRpcError, CannotConnect) as group:
            raise group.exceptions[0] from None
        finally:
            call.cancel()

    def _process_receipt(self, receipt: CommandReceipt, deliveries: Deliveries) -> None:
        deliveries.record_receipt(receipt.command_id, receipt.state)
        if receipt.reason:
            log.info("command_state_rejected", command=receipt.command_id, reason=receipt.reason)
