"""Commands to a device: each is handed to a handler once, and answered with its result."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

import grpc
from google.protobuf import json_format

from iotflow.connection import Connection, is_cancelled
from iotflow.errors import ServerError
from iotflow.resuming import Interrupted, Resumption, ended
from iotflow.v1 import command_pb2
from iotflow.v1.device_service_pb2 import StreamCommandsRequest, StreamCommandsResponse
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub

log = logging.getLogger(__name__)

# Commands whose results are kept, so that a command that comes again is not handled again.
REMEMBERED = 1_000
Call: TypeAlias = "grpc.aio.StreamStreamCall[StreamCommandsRequest, StreamCommandsResponse]"


@dataclass(frozen=True, slots=True)
class Command:
    """An instruction to this device."""

    id: int
    name: str
    parameters: dict[str, Any]


# Returns the result, at most 64 KiB as JSON. An exception reports the command as failed, with its message, or with its type
# where it has none.
CommandHandler = Callable[[Command], Awaitable[Mapping[str, Any] | None]]


class CommandReceiver:
    """Receives commands and hands them to the handler, one after the other, in the order in which they come."""

    def __init__(self, connection: Connection, handler: CommandHandler, on_interrupted: Interrupted) -> None:
        self._connection = connection
        self._handler = handler
        self._resumption = Resumption(connection, on_interrupted)
        # By id, the oldest first; None: not answered yet.
        self._results: OrderedDict[int, StreamCommandsRequest | None] = OrderedDict()
        self._to_handle: asyncio.Queue[Command] = asyncio.Queue()
        self._to_send: asyncio.Queue[StreamCommandsRequest] = asyncio.Queue()
        # Results that the server may accept on another stream.
        self._postponed: list[StreamCommandsRequest] = []

    async def run(self) -> None:
        """Run until cancelled. Raises ServerError where another attempt is of no use."""
        handling = asyncio.create_task(self._handle_all(), name="commands")
        try:
            while True:
                try:
                    await self._stream()
                except ServerError as error:
                    await self._resumption.failed(error)
        finally:
            handling.cancel()
            await asyncio.gather(handling, return_exceptions=True)

    async def _stream(self) -> None:
        async with self._connection.call() as channel:
            call: Call = DeviceServiceStub(channel).StreamCommands(metadata=self._resumption.begin())
            for request in self._postponed:
                self._to_send.put_nowait(request)
            self._postponed.clear()
            sending = asyncio.create_task(self._send_all(call), name="results of commands")
            try:
                async for event in call:
                    self._resumption.succeeded()
                    self._take(event)
            finally:
                sending.cancel()
        raise ended()

    async def _send_all(self, call: Call) -> None:
        # The reader gets the status of a call that has ended. The server delivers commands without a result again.
        with suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
            while True:
                await call.write(await self._to_send.get())

    def _take(self, event: StreamCommandsResponse) -> None:
        if event.HasField("command"):
            self._take_command(event.command)
        elif event.receipt.reason:
            self._take_refusal(event.receipt)

    def _take_command(self, command: command_pb2.Command) -> None:
        if command.id not in self._results:
            self._remember(command.id)
            parameters = json_format.MessageToDict(command.parameters)
            self._to_handle.put_nowait(Command(command.id, command.name, parameters))
        elif result := self._results[command.id]:
            self._to_send.put_nowait(result)

    def _take_refusal(self, receipt: command_pb2.CommandReceipt) -> None:
        result = self._results.get(receipt.command_id)
        if receipt.retryable and result:
            self._postponed.append(result)
        else:
            log.warning("result of command %d rejected: %s", receipt.command_id, receipt.message)

    def _remember(self, command_id: int) -> None:
        self._results[command_id] = None
        if len(self._results) > REMEMBERED:
            # Commands without a result are at most as many as the server lets wait, which is the same number.
            answered = (each for each, result in self._results.items() if result)
            self._results.pop(next(answered, command_id))

    async def _handle_all(self) -> None:
        while True:
            command = await self._to_handle.get()
            result = await self._result(command)
            self._results[command.id] = result
            self._to_send.put_nowait(result)

    async def _result(self, command: Command) -> StreamCommandsRequest:
        try:
            request = StreamCommandsRequest(command_id=command.id, state="succeeded")
            request.result.update(dict(await self._handler(command) or {}))
        except (Exception, asyncio.CancelledError) as failure:
            # The sender of the command gets it.
            if is_cancelled():
                raise
            request = StreamCommandsRequest(command_id=command.id, state="failed")
            request.result.update({"error": _message(failure)})
        return request


def _message(failure: BaseException) -> str:
    """Its text, without what UTF-8 cannot encode, such as names of files that are not UTF-8; or else its type."""
    return str(failure).encode(errors="replace").decode() or type(failure).__name__
