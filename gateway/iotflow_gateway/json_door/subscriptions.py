"""The streams of one connection: live readings, commands and desired configurations. They end with the connection."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import grpc

from iotflow.errors import ServerError, server_error
from iotflow.v1.device_service_pb2 import WatchConfigRequest
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.v1.telemetry_service_pb2 import SubscribeTelemetryRequest
from iotflow.v1.telemetry_service_pb2_grpc import TelemetryServiceStub
from iotflow_gateway.contract_json import message_json
from iotflow_gateway.json_door.callers import Caller, is_login_error
from iotflow_gateway.json_door.closing import login_rejected
from iotflow_gateway.json_door.limits import MOST_SUBSCRIPTIONS
from iotflow_gateway.json_door.messages import ClientMessage, InvalidMessage, MessageId, error_answer
from iotflow_gateway.json_door.requests import request_of

TELEMETRY, COMMANDS, CONFIG = "telemetry", "commands", "config"
STREAMS = (TELEMETRY, COMMANDS, CONFIG)
# The error that a stream of readings ends with; it follows as the status of the call too.
_ERROR_EVENT = "error"

Send = Callable[[dict[str, Any]], Awaitable[None]]


class Subscriptions:
    """The open streams by the ids that the client chose. tasks: runs them, and ends with Closing when the credential loses its
    validity. send: sends a message to the client; while it waits, a stream is not read, and the server drops what is too much."""

    def __init__(self, channel: grpc.aio.Channel, caller: Caller, send: Send, tasks: asyncio.TaskGroup) -> None:
        self._channel = channel
        self._metadata = caller.metadata
        self._send = send
        self._tasks = tasks
        self._open: dict[MessageId, asyncio.Task[None]] = {}

    async def add(self, message: ClientMessage) -> None:
        """Open the stream that the message names. The answer follows when the server has accepted it. Raises InvalidMessage."""
        if message.id in self._open:
            raise InvalidMessage("ALREADY_SUBSCRIBED", f"A subscription has the id {message.id!r}.", id=message.id)
        if len(self._open) >= MOST_SUBSCRIPTIONS:
            problem = f"The connection has {MOST_SUBSCRIPTIONS} subscriptions; end one."
            raise InvalidMessage("TOO_MANY_SUBSCRIPTIONS", problem, id=message.id)
        stream = message.content.get("to", TELEMETRY)
        running = self._run(message.id, stream, self._opener(message, stream))
        task = self._tasks.create_task(running, name="subscription")
        self._open[message.id] = task
        task.add_done_callback(partial(self._forget, message.id))

    async def remove(self, message: ClientMessage) -> None:
        """End the stream with the id of the message. Raises InvalidMessage."""
        task = self._open.get(message.id)
        if task is None:
            raise InvalidMessage("NOT_SUBSCRIBED", f"No subscription has the id {message.id!r}.", id=message.id)
        task.cancel()
        await asyncio.wait([task])
        await self._send({"type": "unsubscribed", "id": message.id})

    def _forget(self, subscription: MessageId, task: asyncio.Task[None]) -> None:
        if self._open.get(subscription) is task:
            del self._open[subscription]

    def _opener(self, message: ClientMessage, stream: object) -> Callable[[], Any]:
        if stream == TELEMETRY:
            request = request_of(message, SubscribeTelemetryRequest(), without=("to", "columnar"))
            return partial(TelemetryServiceStub(self._channel).SubscribeTelemetry, request, metadata=self._metadata)
        if stream == COMMANDS:
            return partial(DeviceServiceStub(self._channel).StreamCommands, metadata=self._metadata)
        if stream == CONFIG:
            return partial(DeviceServiceStub(self._channel).WatchConfig, WatchConfigRequest(), metadata=self._metadata)
        problem = f"There is no stream {stream!r:.60}. The streams are {', '.join(STREAMS)}."
        raise InvalidMessage("UNKNOWN_STREAM", problem, field="to", id=message.id)

    async def _run(self, subscription: MessageId, stream: object, opener: Callable[[], Any]) -> None:
        call = opener()
        # Live readings and configurations begin with an event, before which the server may refuse the request.
        is_confirmed = stream == COMMANDS
        try:
            await call.wait_for_connection()
            if is_confirmed:
                await self._confirm(subscription)
            async for event in call:
                if not is_confirmed:
                    await self._confirm(subscription)
                    is_confirmed = True
                await self._forward(subscription, event)
            error = ServerError(grpc.StatusCode.UNAVAILABLE, "The server has ended the stream.", retryable=True)
        except grpc.aio.AioRpcError as failure:
            error = server_error(failure)
        finally:
            call.cancel()
        if is_login_error(error):
            raise login_rejected(error)
        # The client may use the id again as soon as it has the error.
        self._open.pop(subscription, None)
        await self._send(error_answer(subscription, error))

    async def _confirm(self, subscription: MessageId) -> None:
        await self._send({"type": "subscribed", "id": subscription})

    async def _forward(self, subscription: MessageId, event: Any) -> None:
        kind = event.WhichOneof("event")
        # None: an event of a later version.
        if kind and kind != _ERROR_EVENT:
            await self._send({"type": kind, "id": subscription, kind: message_json(getattr(event, kind))})
