"""PollCommands, AckCommand and StreamCommands: a device receives its own commands and reports their results."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing

from iotflow.v1 import device_service_pb2 as wire
from iotflow.words import CommandOutcome, CommandState
from iotflow_server.auth.principal import Principal
from iotflow_server.commands.command import Command, CommandResult
from iotflow_server.commands.commands import Commands
from iotflow_server.commands.transactions import MOST_OPEN
from iotflow_server.errors import DomainError
from iotflow_server.presence.last_seen import LastSeen
from iotflow_server.rpc.codec.page_tokens import after_id, first_page, size_of, token_of
from iotflow_server.rpc.commands.acknowledgements import CommandAcknowledgements
from iotflow_server.rpc.commands.messages import decode_report, encode_command, result_of
from iotflow_server.streams.active_streams import ActiveStream, ActiveStreams
from iotflow_server.streams.change_feed import POLL_SECONDS, PolledChanges

Request = wire.StreamCommandsRequest
Response = wire.StreamCommandsResponse


class OwnCommandHandler:
    """Handles PollCommands, AckCommand and StreamCommands."""

    def __init__(self, *, commands: Commands, last_seen: LastSeen, active_streams: ActiveStreams) -> None:
        self._commands = commands
        self._last_seen = last_seen
        self._active_streams = active_streams

    async def pending(self, request: wire.PollCommandsRequest, principal: Principal) -> wire.PollCommandsResponse:
        """PollCommands."""
        device = principal.own_device()
        self._last_seen.record(device.id)
        after, size = after_id(request.page_token), size_of(request, MOST_OPEN)
        rest = [item for item in await self._commands.deliver(device.id) if item.id > after]
        found = [encode_command(item) for item in rest[: size + 1]]
        commands, more = first_page(found, size, lambda last: token_of(last.id))
        return wire.PollCommandsResponse(commands=commands, count=len(commands), next_page_token=more or None)

    async def acknowledge(self, request: wire.AckCommandRequest, principal: Principal) -> wire.AckCommandResponse:
        """AckCommand."""
        result = await decode_report(request, result_of)
        device = principal.own_device()
        self._last_seen.record(device.id)
        acknowledged = await self._commands.acknowledge(
            device.id, request.command_id, request.state or CommandOutcome.SUCCEEDED, result
        )
        return wire.AckCommandResponse(message="Acknowledged", command=encode_command(acknowledged))

    async def stream(self, requests: AsyncIterator[Request], principal: Principal) -> AsyncGenerator[Response]:
        """StreamCommands."""
        device = principal.own_device()
        self._last_seen.record(device.id)
        async with self._active_streams.open(principal) as active_stream:
            stream = DeviceCommandStream(device.id, self._commands, self._last_seen, active_stream)
            async with aclosing(stream.messages(requests)) as messages:
                async for message in messages:
                    yield message


class DeviceCommandStream:
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
            polled = PolledChanges(subscription, self._active_stream, POLL_SECONDS)
            acknowledgements = CommandAcknowledgements(self._decode, self._record, subscription.wake)
            async with acknowledgements.receiving(requests):
                while True:
                    changes, is_due = await polled.next()
                    if changes or is_due:
                        for item in await self._unsent():
                            yield Response(command=encode_command(item))
                    for receipt in acknowledgements.take_receipts():
                        yield Response(receipt=receipt)

    async def _unsent(self) -> list[Command]:
        """The open commands that were not sent on this stream."""
        open_commands = await self._commands.deliver(self._device_id)
        unsent = [item for item in open_commands if item.id not in self._sent]
        self._sent = {item.id for item in open_commands}
        return unsent

    def _decode(self, report: Request) -> CommandResult:
        return CommandResult(self._device_id, report.command_id, report.state, result_of(report))

    async def _record(self, results: Sequence[CommandResult]) -> Sequence[Command | DomainError]:
        self._last_seen.record(self._device_id)
        return await self._commands.record_results(results)
