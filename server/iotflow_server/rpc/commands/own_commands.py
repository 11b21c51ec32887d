"""The commands of the device that calls."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from iotflow.v1 import device_service_pb2 as wire
from iotflow.words import CommandOutcome
from iotflow_server.auth.principal import Principal
from iotflow_server.commands.commands import Commands
from iotflow_server.commands.transactions import MOST_OPEN
from iotflow_server.presence.last_seen import LastSeen
from iotflow_server.rpc.codec import wire_commands
from iotflow_server.rpc.codec.page_tokens import fitting, place, size_of, token_of
from iotflow_server.rpc.commands.device_stream import CommandStream
from iotflow_server.rpc.commands.results import decoded_answer, result_of
from iotflow_server.rpc.streams.sessions import Sessions


class OwnCommandHandler:
    """PollCommands, AckCommand and StreamCommands."""

    def __init__(self, *, commands: Commands, last_seen: LastSeen, sessions: Sessions) -> None:
        self._commands = commands
        self._last_seen = last_seen
        self._sessions = sessions

    async def pending(self, request: wire.PollCommandsRequest, principal: Principal) -> wire.PollCommandsResponse:
        """PollCommands."""
        device = principal.own_device()
        self._last_seen.record(device.id)
        after = place(request.page_token)
        rest = [item for item in await self._commands.deliver(device.id) if item.id > after]
        found = [wire_commands.command(item) for item in rest[: size_of(request, MOST_OPEN)]]
        commands = found[: fitting(found)]
        more = token_of(commands[-1].id) if len(commands) < len(rest) else None
        return wire.PollCommandsResponse(commands=commands, count=len(commands), next_page_token=more)

    async def acknowledge(self, request: wire.AckCommandRequest, principal: Principal) -> wire.AckCommandResponse:
        """AckCommand."""
        result = await decoded_answer(request, result_of)
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
        async with self._sessions.open(principal) as session:
            stream = CommandStream(device.id, self._commands, self._last_seen, session)
            async with aclosing(stream.messages(requests)) as messages:
                async for message in messages:
                    yield message
