"""Commands to a device: each is handed to a handler once, and answered with its result."""

import asyncio
import json
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

import grpc
from google.protobuf import struct_pb2

from iotflow.connection import Connection, is_cancelled
from iotflow.documents import from_struct, to_struct
from iotflow.errors import ServerError
from iotflow.outbox import Outbox
from iotflow.resuming import Interrupted, Resumption, ended
from iotflow.v1 import command_pb2
from iotflow.v1.device_service_pb2 import StreamCommandsRequest, StreamCommandsResponse
from iotflow.v1.device_service_pb2_grpc import DeviceServiceStub
from iotflow.words import CommandOutcome

log = logging.getLogger(__name__)

# Commands whose results are kept, so that a command that comes again is not handled again.
REMEMBERED = 1_000
# The server takes no larger ones, and counts a character beyond ASCII as its escape.
_RESULT_BYTES = 65_536
_MESSAGE_CHARACTERS = 4 * 1024
Call: TypeAlias = "grpc.aio.StreamStreamCall[StreamCommandsRequest, StreamCommandsResponse]"


@dataclass(frozen=True, slots=True)
class Command:
    """An instruction to this device."""

    id: int
    name: str
    parameters: dict[str, Any]


# Returns the result, at most 65,536 bytes as JSON. An exception is logged, and reports the command as failed, with its message,
# or with its type where it has none.
CommandHandler = Callable[[Command], Awaitable[Mapping[str, Any] | None]]


class CommandReceiver:
    """Receives commands and hands them to the handler, one after the other, in the order in which they come."""

    def __init__(self, connection: Connection, handler: CommandHandler, on_interrupted: Interrupted) -> None:
        self._connection = connection
        self._handler = handler
        self._resumption = Resumption(connection, on_interrupted)
        # By id, the oldest first; None: not answered yet.
        self._results: OrderedDict[int, StreamCommandsRequest | None] = OrderedDict()
        self._to_handle: asyncio.Queue[command_pb2.Command] = asyncio.Queue()
        self._to_send = Outbox()
        # Results that the server may accept on another stream.
        self._postponed = Outbox()

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
            for result in self._postponed.take_all():
                self._to_send.put(result)
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
                await call.write(await self._to_send.next())

    def _take(self, event: StreamCommandsResponse) -> None:
        if event.HasField("command"):
            self._take_command(event.command)
        elif event.receipt.reason:
            self._take_refusal(event.receipt)

    def _take_command(self, command: command_pb2.Command) -> None:
        if command.id not in self._results:
            if self._has_room():
                self._results[command.id] = None
                self._to_handle.put_nowait(command)
        elif result := self._results[command.id]:
            self._to_send.put(result)

    def _take_refusal(self, receipt: command_pb2.CommandReceipt) -> None:
        result = self._results.get(receipt.command_id)
        if receipt.retryable and result:
            self._postponed.put(result)
            return
        log.warning("result of command %d rejected: %s", receipt.command_id, receipt.message)
        if result and result.state == CommandOutcome.SUCCEEDED:
            # Without another answer, the command would stay open.
            failed = self._results[receipt.command_id] = _failed(receipt.command_id, receipt.message)
            self._to_send.put(failed)

    def _has_room(self) -> bool:
        """Whether another command can be remembered, after the oldest result was forgotten where there is one.

        The server lets no more commands wait than are remembered. It would deliver one that has no room again.
        """
        if len(self._results) < REMEMBERED:
            return True
        answered = next((each for each, result in self._results.items() if result), None)
        if answered is not None:
            del self._results[answered]
        return answered is not None

    async def _handle_all(self) -> None:
        while True:
            command = await self._to_handle.get()
            result = await self._result(command)
            self._results[command.id] = result
            self._to_send.put(result)

    async def _result(self, command: command_pb2.Command) -> StreamCommandsRequest:
        try:
            received = Command(command.id, command.name, from_struct(command.parameters))
            result = _checked(await self._handler(received) or {})
            return StreamCommandsRequest(command_id=command.id, state=CommandOutcome.SUCCEEDED, result=result)
        except (Exception, asyncio.CancelledError) as failure:
            # The sender of the command gets it.
            if is_cancelled():
                raise
            log.warning("command %d failed", command.id, exc_info=failure)
            return _failed(command.id, _message(failure))


def _failed(command_id: int, message: str) -> StreamCommandsRequest:
    return StreamCommandsRequest(
        command_id=command_id, state=CommandOutcome.FAILED, result=to_struct({"error": message})
    )


def _checked(result: Mapping[str, Any]) -> struct_pb2.Struct:
    """The result of a handler. Raises ValueError and TypeError where the server cannot take it."""
    struct = to_struct(result)
    size = len(json.dumps(from_struct(struct), separators=(",", ":")))
    if size > _RESULT_BYTES:
        raise ValueError(f"The result has {size} bytes as JSON; {_RESULT_BYTES} are the limit.")
    return struct


def _message(failure: BaseException) -> str:
    """Its text, without what UTF-8 cannot encode, such as names of files that are not UTF-8; or else its type."""
    text = str(failure)[:_MESSAGE_CHARACTERS]
    return text.encode(errors="replace").decode() or type(failure).__name__
