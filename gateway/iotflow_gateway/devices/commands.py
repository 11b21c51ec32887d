"""The stream of commands from the server, and what is said of each."""

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
from iotflow_gateway.failures import StreamFailures
from iotflow_gateway.topics import Topics

log = structlog.get_logger(__name__)

RETRY_SECONDS = 0.5


class Commands:
    """What was offered and not answered when the broker goes is offered again once it is back, under the same id."""

    def __init__(
        self, channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...], topics: Topics, broker: Broker
    ) -> None:
        self._stub = GatewayServiceStub(channel)
        self._metadata = metadata
        self._topics = topics
        self._broker = broker
        self._failures = StreamFailures("commands", longest=1.0)

    async def run(self) -> None:
        """Until cancelled. Raises ServerError where the server takes nothing of this adapter."""
        while True:
            await self._broker.connected()
            try:
                await self._stream()
            except CannotConnect:
                await asyncio.sleep(RETRY_SECONDS)
            except grpc.aio.AioRpcError as failed:
                await asyncio.sleep(self._failures.delay(server_error(failed)))

    async def _stream(self) -> None:
        call = self._stub.StreamDeviceCommands(metadata=self._metadata)
        # A call takes one message at a time.
        writing = asyncio.Lock()

        async def answer(command: Command, state: str) -> None:
            async with writing:
                said = StreamDeviceCommandsRequest(command_id=command.id, device_id=command.device_id, state=state)
                # A call that is over says why to the one who listens.
                with contextlib.suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
                    await call.write(said)

        try:
            async with asyncio.TaskGroup() as tasks:
                deliveries = Deliveries(self._topics, self._broker, answer, tasks)
                async for message in call:
                    self._failures.reset()
                    if message.HasField("command"):
                        deliveries.take(message.command)
                    else:
                        self._receipt(message.receipt, deliveries)
        except* (grpc.aio.AioRpcError, CannotConnect) as group:
            raise group.exceptions[0] from None
        finally:
            call.cancel()

    def _receipt(self, receipt: CommandReceipt, deliveries: Deliveries) -> None:
        deliveries.noted(receipt.command_id, receipt.state)
        if receipt.reason:
            log.info("answer refused", command=receipt.command_id, reason=receipt.reason)
