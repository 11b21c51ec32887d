"""Commands, from the server to the devices' topics."""

import asyncio
import contextlib
import time

import grpc
import orjson
import structlog
from google.protobuf.json_format import MessageToDict

from iotflow.backoff import Backoff
from iotflow.errors import server_error
from iotflow.v1.command_pb2 import Command
from iotflow.v1.gateway_service_pb2 import (
    DeviceCommand,
    StreamDeviceCommandsRequest,
)
from iotflow.v1.gateway_service_pb2_grpc import GatewayServiceStub
from iotflow_gateway.broker import BrokerSession, CannotConnect, Delivery
from iotflow_gateway.topics import Topics

log = structlog.get_logger(__name__)

# Commands on their way to the broker at a time: not more than a broker takes unless set otherwise.
AT_ONCE = 20


class Commands:
    """Each command goes to the topic of the device's id, or else its name, whichever somebody listens to.

    Where the broker can say that nobody does (MQTT 5), the command waits at the server until the device comes. Where it cannot,
    the device's answer is what shows that it came; until then the server offers it again, under the same id.
    """

    def __init__(
        self, channel: grpc.aio.Channel, metadata: tuple[tuple[str, str], ...], topics: Topics, session: BrokerSession
    ) -> None:
        self._stub = GatewayServiceStub(channel)
        self._metadata = metadata
        self._topics = topics
        self._session = session
        self._backoff = Backoff(longest=1.0)
        self._room = asyncio.Semaphore(AT_ONCE)
        self._answering = asyncio.Lock()

    async def run(self) -> None:
        """Until cancelled. Raises ServerError where the server takes nothing of this adapter."""
        while True:
            await self._session.connected()
            try:
                await self._stream()
            except CannotConnect:
                # The server offers again what was on its way, before what comes behind it.
                await asyncio.sleep(self._backoff.delay(None))
            except grpc.aio.AioRpcError as failed:
                error = server_error(failed)
                if not error.retryable:
                    raise error from None
                await asyncio.sleep(self._backoff.delay(error.retry_after))

    async def _stream(self) -> None:
        # What is cancelled before it began gives its place to nobody.
        self._room = asyncio.Semaphore(AT_ONCE)
        call = self._stub.StreamDeviceCommands(metadata=self._metadata)
        try:
            async with asyncio.TaskGroup() as deliveries:
                async for answer in call:
                    self._backoff.reset()
                    if answer.HasField("command"):
                        await self._room.acquire()
                        deliveries.create_task(self._deliver(answer.command, call))
                    elif answer.receipt.reason:
                        log.info("answer refused", command=answer.receipt.command_id, reason=answer.receipt.reason)
        except* (CannotConnect, grpc.aio.AioRpcError) as group:
            raise group.exceptions[0] from None
        finally:
            call.cancel()

    async def _deliver(self, offered: DeviceCommand, call: "grpc.aio.StreamStreamCall") -> None:  # type: ignore[type-arg]
        try:
            delivery = await self._publish(offered)
        finally:
            self._room.release()
        if delivery is not Delivery.UNKNOWN:
            state = "delivered" if delivery is Delivery.HEARD else "unreachable"
            command = offered.command
            answer = StreamDeviceCommandsRequest(command_id=command.id, device_id=command.device_id, state=state)
            # gRPC takes one at a time.
            async with self._answering:
                # Where the stream has ended meanwhile, the command stays queued, and is offered again.
                with contextlib.suppress(asyncio.InvalidStateError):
                    await call.write(answer)

    async def _publish(self, offered: DeviceCommand) -> Delivery:
        payload, expiry = orjson.dumps(_document(offered.command)), _seconds_left(offered.command)
        delivery = Delivery.UNHEARD
        for topic in self._topics.commands(offered.command.device_id, offered.device_name, offered.command.name):
            delivery = await self._session.deliver(topic, payload, expiry=expiry)
            if delivery is Delivery.HEARD:
                break
        return delivery


def _document(command: Command) -> dict[str, object]:
    said = MessageToDict(command, preserving_proto_field_name=True)
    return {
        "id": command.id,
        "name": command.name,
        "parameters": said.get("parameters", {}),
        "created_at": said.get("created_at"),
        "expires_at": said.get("expires_at"),
    }


def _seconds_left(command: Command) -> int | None:
    """None: for ever."""
    if not command.HasField("expires_at"):
        return None
    return max(1, round(command.expires_at.seconds - time.time()))
