"""Orders to devices as people send and follow them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

from iotflow.v1 import admin_service_pb2
from iotflow_server.audit import Audit
from iotflow_server.auth.principal import caller
from iotflow_server.commands.command import Command
from iotflow_server.commands.commands import Commands
from iotflow_server.compute_thread import run_in_compute_thread
from iotflow_server.devices.change_feed import ChangeSubscription
from iotflow_server.errors import DomainError
from iotflow_server.rpc.codec import wire_devices
from iotflow_server.rpc.codec.page_tokens import fitting, place, size_of, token_of
from iotflow_server.rpc.codec.wire_values import plain_struct, timestamp_ms
from iotflow_server.rpc.streams.sessions import Session, Sessions
from iotflow_server.rpc.telemetry.progress import Progress
from iotflow_server.telemetry.times import utc_now_ms

wire = admin_service_pb2
Event = wire.WatchFleetCommandsResponse


class CommandHandler:
    """The part of AdminService that is about commands. heartbeat: seconds."""

    def __init__(self, commands: Commands, audit: Audit, sessions: Sessions, heartbeat: float) -> None:
        self._commands = commands
        self._audit = audit
        self._sessions = sessions
        self._heartbeat = heartbeat

    async def send(self, request: wire.SendCommandRequest) -> wire.SendCommandResponse:
        """SendCommand."""
        parameters = plain_struct(request.parameters, "parameters")
        # Before it is sent: the end may come before the answer.
        with self._commands.news.listen(request.device_id, lambda told: not told.is_open) as listener:
            sent = await self._commands.send(
                request.device_id, request.name, parameters, _lifetime(request), request.idempotency_key
            )
            await self._note("command.send", f"device:{sent.device_id}", command=sent.id, name=sent.name)
            if request.wait_seconds:
                sent = await self._ended(sent, listener, request.wait_seconds)
        return wire.SendCommandResponse(
            status="success", message=f"Command {sent.name} {sent.state}", command=wire_devices.command(sent)
        )

    async def send_to_group(self, request: wire.SendGroupCommandRequest) -> wire.SendGroupCommandResponse:
        """SendGroupCommand."""
        parameters = plain_struct(request.parameters, "parameters")
        outcome = await self._commands.send_to_group(
            request.group,
            request.name,
            parameters,
            _lifetime(request),
            request.idempotency_key,
            announced=request.announce,
        )
        await self._note("command.send_to_group", f"group:{request.group}", name=request.name, commands=outcome.made)
        return wire.SendGroupCommandResponse(
            status="success",
            message=f"Command {request.name} queued for {outcome.made} devices",
            group=request.group,
            commands_made=outcome.made,
            commands_found=outcome.found,
            commands_refused=outcome.refused,
            group_command=outcome.group_command,
        )

    async def get(self, request: wire.GetCommandRequest) -> wire.GetCommandResponse:
        """GetCommand."""
        found = await self._commands.get(request.command_id)
        return wire.GetCommandResponse(status="success", command=wire_devices.command(found))

    async def list(self, request: wire.ListFleetCommandsRequest) -> wire.ListFleetCommandsResponse:
        """ListFleetCommands."""
        size = size_of(request)
        found = await self._commands.page(request.device_id, request.state, place(request.page_token) or None, size)
        commands = await run_in_compute_thread(lambda: [wire_devices.command(item) for item in found])
        page = commands[: fitting(commands)]
        is_last = len(page) == len(commands) < size
        return wire.ListFleetCommandsResponse(
            status="success", commands=page, next_page_token="" if is_last else token_of(page[-1].id)
        )

    async def cancel(self, request: wire.CancelCommandRequest) -> wire.CancelCommandResponse:
        """CancelCommand."""
        cancelled = await self._commands.cancel(request.command_id)
        await self._note("command.cancel", f"device:{cancelled.device_id}", command=cancelled.id)
        return wire.CancelCommandResponse(
            status="success", message=f"Command {cancelled.name} cancelled", command=wire_devices.command(cancelled)
        )

    async def watch(self, request: wire.WatchFleetCommandsRequest, session: Session) -> AsyncIterator[Event]:
        """WatchFleetCommands. Trouble after the first event is told by a last one."""
        command_id = request.command_id
        first = await self._commands.get(command_id) if command_id else None
        device_id = first.device_id if first else request.device_id or None
        with self._commands.news.listen(device_id, lambda told: command_id in (0, told.id)) as listener:
            session.ended.add_done_callback(lambda _: listener.wake())
            progress = Progress()
            yield _alive()
            try:
                if command_id:
                    listener.offer(await self._commands.get(command_id))
                while True:
                    await listener.wait(self._heartbeat)
                    for event in _events(listener, progress):
                        yield event
                    if session.refusal:
                        raise session.refusal
            except DomainError as refusal:
                yield _error(refusal.reason, refusal.message, retryable=refusal.retry_after is not None)
                raise

    async def _ended(self, sent: Command, listener: ChangeSubscription[Command], seconds: float) -> Command:
        """The command when it has ended, or as it is after so many seconds, or when the server goes down."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        async with self._sessions.open(caller()) as session:
            session.ended.add_done_callback(lambda _: listener.wake())
            while sent.is_open and loop.time() < deadline and not session.refusal:
                await listener.wait(deadline - loop.time())
                told, missed = listener.take()
                sent = next((one for one in told if one.id == sent.id), sent)
                if missed:
                    sent = await self._commands.get(sent.id)
        return await self._commands.get(sent.id) if sent.is_open else sent

    async def _note(self, action: str, target: str, **details: object) -> None:
        await self._audit.record(caller().name, action, target, details)


def _lifetime(request: wire.SendCommandRequest | wire.SendGroupCommandRequest) -> timedelta | None:
    return timedelta(seconds=request.time_to_live_seconds) if request.time_to_live_seconds else None


def _events(listener: ChangeSubscription[Command], progress: Progress) -> list[Event]:
    """What has come, or a heartbeat."""
    told, missed = listener.take()
    lost = [Event(missed=wire.CommandsMissed(timestamp=timestamp_ms(utc_now_ms())))] if missed else []
    return lost + [Event(command=wire_devices.command(one)) for one in told if progress.is_news(one)] or [_alive()]


def _alive() -> Event:
    return Event(heartbeat=wire.CommandsHeartbeat(timestamp=timestamp_ms(utc_now_ms())))


def _error(reason: str, message: str, *, retryable: bool) -> Event:
    return Event(error=wire.CommandsError(reason=reason, message=message, retryable=retryable))
