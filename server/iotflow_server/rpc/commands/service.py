"""CommandService: sends, lists, watches and cancels commands."""

from collections.abc import AsyncIterator
from datetime import timedelta

from iotflow.v1 import command_service_pb2, command_service_pb2_grpc
from iotflow_server.commands.commands import Commands
from iotflow_server.compute_thread import run_in_compute_thread
from iotflow_server.devices.registry import Registry
from iotflow_server.interceptors.call_context import principal_of
from iotflow_server.interceptors.middleware import Context
from iotflow_server.interceptors.rest_responses import answer_with
from iotflow_server.rpc.codec.page_tokens import after_id, first_page, size_of, token_of
from iotflow_server.rpc.codec.wire_values import plain_struct
from iotflow_server.rpc.commands.messages import encode_command
from iotflow_server.rpc.commands.watch import CommandCompletion, CommandWatch
from iotflow_server.streams.active_streams import ActiveStreams

wire = command_service_pb2


class CommandService(command_service_pb2_grpc.CommandServiceServicer):
    """The RPCs are specified in command_service.proto. heartbeat: the interval of heartbeats in seconds."""

    def __init__(
        self, *, registry: Registry, commands: Commands, active_streams: ActiveStreams, heartbeat: float
    ) -> None:
        self._registry = registry
        self._commands = commands
        self._active_streams = active_streams
        self._completion = CommandCompletion(commands, active_streams)
        self._watch = CommandWatch(commands, heartbeat)

    async def SendCommand(self, request: wire.SendCommandRequest, context: Context) -> wire.SendCommandResponse:
        parameters, principal = plain_struct(request.parameters, "parameters"), principal_of(context)
        # The subscription precedes the command, because the command may end before `send` returns.
        with self._completion.subscribe(request.device_id) as subscription:
            sent = await self._commands.send(
                request.device_id,
                request.name,
                parameters,
                _lifetime(request),
                request.idempotency_key,
                actor=principal.name,
            )
            if request.wait_seconds:
                sent = await self._completion.wait(sent, subscription, principal, request.wait_seconds)
        await answer_with(context, 201)
        return wire.SendCommandResponse(message=f"Command {sent.name} {sent.state}", command=encode_command(sent))

    async def SendGroupCommand(
        self, request: wire.SendGroupCommandRequest, context: Context
    ) -> wire.SendGroupCommandResponse:
        parameters = plain_struct(request.parameters, "parameters")
        outcome = await self._commands.send_to_group(
            request.group,
            request.name,
            parameters,
            _lifetime(request),
            request.idempotency_key,
            actor=principal_of(context).name,
            announced=request.announce,
        )
        await answer_with(context, 201)
        return wire.SendGroupCommandResponse(
            message=f"Command {request.name} queued for {outcome.made} devices",
            group=request.group,
            commands_made=outcome.made,
            commands_found=outcome.found,
            commands_refused=outcome.refused,
            group_command=outcome.group_command,
        )

    async def GetCommand(self, request: wire.GetCommandRequest, _context: Context) -> wire.GetCommandResponse:
        found = await self._commands.get(request.command_id)
        return wire.GetCommandResponse(command=encode_command(found))

    async def ListCommands(self, request: wire.ListCommandsRequest, _context: Context) -> wire.ListCommandsResponse:
        if request.device_id:
            await self._registry.get(request.device_id)
        size = size_of(request)
        before = after_id(request.page_token) or None
        found = await self._commands.page(request.device_id, request.state, before, size + 1)
        commands = await run_in_compute_thread(lambda: [encode_command(item) for item in found])
        page, more = first_page(commands, size, lambda last: token_of(last.id))
        return wire.ListCommandsResponse(commands=page, next_page_token=more)

    async def WatchCommands(
        self, request: wire.WatchCommandsRequest, context: Context
    ) -> AsyncIterator[wire.WatchCommandsResponse]:
        async with self._active_streams.open(principal_of(context)) as active_stream:
            async for event in self._watch.events(request, active_stream):
                yield event

    async def CancelCommand(self, request: wire.CancelCommandRequest, context: Context) -> wire.CancelCommandResponse:
        cancelled = await self._commands.cancel(request.command_id, actor=principal_of(context).name)
        return wire.CancelCommandResponse(
            message=f"Command {cancelled.name} cancelled", command=encode_command(cancelled)
        )


def _lifetime(request: wire.SendCommandRequest | wire.SendGroupCommandRequest) -> timedelta | None:
    return timedelta(seconds=request.time_to_live_seconds) if request.time_to_live_seconds else None
