"""The RPCs by which a device receives and acknowledges its own commands."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from iotflow.v1 import device_service_pb2 as wire
from iotflow.words import CommandOutcome
from iotflow_server.auth.principal import Principal
from iotflow_server.commands.commands import Commands
from iotflow_server.commands.transactions import MOST_OPEN
from iotflow_server.presence.last_seen import LastSeen
from iotflow_server.rpc.codec import wire_commands
from iotflow_server.rpc.codec.page_tokens import after_id, fitting_count, size_of, token_of
from iotflow_server.rpc.commands.device_stream import CommandStream
from iotflow_server.rpc.commands.results import decode_report, result_of
from iotflow_server.rpc.streams.active_streams import ActiveStreams


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
        after = after_id(request.page_token)
        rest = [item for item in await self._commands.deliver(device.id) if item.id > after]
        found = [wire_commands.command(item) for item in rest[: size_of(request, MOST_OPEN)]]
        commands = found[: fitting_count(found)]
        next_page_token = token_of(commands[-1].id) if len(commands) < len(rest) else None
        return wire.PollCommandsResponse(commands=commands, count=len(commands), next_page_token=next_page_token)

    async def acknowledge(self, request: wire.AckCommandRequest, principal: Principal) -> wire.AckCommandResponse:
        """AckCommand."""
        result = await decode_report(request, result_of)
        device = principal.own_device()
        self._last_seen.record(device.id)
        acknowledged = await self._commands.acknowledge(
            device.id, request.command_id, request.state or CommandOutcome.SUCCEEDED, result
        )
        return wire.AckCommandResponse(message="Acknowledged", command=wire_commands.command(acknowledged))

    async def stream(
        self, requests: AsyncIterator[wire.StreamCommandsRequest], principal: Principal
    ) -> AsyncGenerator[wire.StreamCommandsResponse]:
        """StreamCommands."""
        device = principal.own_device()
        self._last_seen.record(device.id)
        async with self._active_streams.open(principal) as active_stream:
            stream = CommandStream(device.id, self._commands, self._last_seen, active_stream)
            async with aclosing(stream.messages(requests)) as messages:
                async for message in messages:
                    yield message
