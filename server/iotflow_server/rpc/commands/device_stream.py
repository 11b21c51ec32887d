"""StreamCommands: sends a device its commands and receives their results."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence

from iotflow.v1 import device_service_pb2
from iotflow.words import CommandState
from iotflow_server.commands.command import OUTCOMES, Command, CommandResult
from iotflow_server.commands.commands import Commands
from iotflow_server.errors import DomainError, InvalidArgument
from iotflow_server.presence.last_seen import LastSeen
from iotflow_server.rpc.codec.wire_commands import command
from iotflow_server.rpc.commands.acknowledgements import CommandAcknowledgements
from iotflow_server.rpc.commands.results import result_of
from iotflow_server.rpc.streams.active_streams import ActiveStream

Request = device_service_pb2.StreamCommandsRequest
Response = device_service_pb2.StreamCommandsResponse

# Interval of database reads. It bounds the delay of commands whose notification from another process is lost.
POLL_SECONDS = 30.0


class CommandStream:
    """One open StreamCommands."""

    def __init__(self, device_id: int, commands: Commands, last_seen: LastSeen, active_stream: ActiveStream) -> None:
        self._device_id = device_id
        self._commands = commands
        self._last_seen = last_seen
        self._active_stream = active_stream
        self._sent: set[int] = set()

    async def messages(self, requests: AsyncIterator[Request]) -> AsyncGenerator[Response, None]:
        """The open commands, then each command that is queued, and a receipt for each report."""
        with self._commands.changes.subscribe(
            self._device_id, lambda change: change.state == CommandState.QUEUED
        ) as subscription:
            self._active_stream.ended.add_done_callback(lambda _: subscription.wake())
            acknowledgements = CommandAcknowledgements(self._decode, self._record, subscription.wake)
            async with acknowledgements.receiving(requests):
                poll_at = 0.0
                while True:
                    changes, has_gap = subscription.take()
                    if changes or has_gap or _now() >= poll_at:
                        for item in await self._unsent():
                            yield Response(command=command(item))
                        poll_at = _now() + POLL_SECONDS
                    for receipt in acknowledgements.take_receipts():
                        yield Response(receipt=receipt)
                    if self._active_stream.end_error:
                        raise self._active_stream.end_error
                    await subscription.wait(poll_at - _now())

    async def _unsent(self) -> list[Command]:
        """The open commands that were not sent on this stream."""
        open_commands = await self._commands.deliver(self._device_id)
        unsent = [item for item in open_commands if item.id not in self._sent]
        self._sent = {item.id for item in open_commands}
        return unsent

    def _decode(self, report: Request) -> CommandResult:
        if report.state not in OUTCOMES:
            raise InvalidArgument("state", f"The state must be one of {', '.join(OUTCOMES)}.")
        return CommandResult(self._device_id, report.command_id, report.state, result_of(report))

    async def _record(self, results: Sequence[CommandResult]) -> Sequence[Command | DomainError]:
        self._last_seen.record(self._device_id)
        return await self._commands.record_results(results)


def _now() -> float:
    return asyncio.get_running_loop().time()
