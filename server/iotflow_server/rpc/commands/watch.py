"""Commands as they change, for whoever follows them."""

from collections.abc import AsyncIterator

from iotflow.v1 import command_service_pb2 as wire
from iotflow.v1 import stream_pb2
from iotflow_server.commands.command import Command
from iotflow_server.commands.commands import Commands
from iotflow_server.devices.change_feed import ChangeSubscription
from iotflow_server.errors import DomainError
from iotflow_server.rpc.codec import wire_commands
from iotflow_server.rpc.codec.wire_values import timestamp_ms
from iotflow_server.rpc.streams.sessions import Session
from iotflow_server.rpc.telemetry.progress import Progress
from iotflow_server.telemetry.times import utc_now_ms

Event = wire.WatchCommandsResponse


class CommandWatch:
    """Streams of WatchCommands. heartbeat: seconds."""

    def __init__(self, commands: Commands, heartbeat: float) -> None:
        self._commands = commands
        self._heartbeat = heartbeat

    async def events(self, request: wire.WatchCommandsRequest, session: Session) -> AsyncIterator[Event]:
        """Trouble after the first event is told by a last one."""
        command_id = request.command_id
        first = await self._commands.get(command_id) if command_id else None
        device_id = first.device_id if first else request.device_id or None
        with self._commands.changes.subscribe(device_id, lambda told: command_id in (0, told.id)) as listener:
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


def _events(listener: ChangeSubscription[Command], progress: Progress) -> list[Event]:
    """What has come, or a heartbeat."""
    told, missed = listener.take()
    lost = [Event(missed=wire.CommandsMissed(timestamp=timestamp_ms(utc_now_ms())))] if missed else []
    return lost + [Event(command=wire_commands.command(one)) for one in told if progress.is_news(one)] or [_alive()]


def _alive() -> Event:
    return Event(heartbeat=stream_pb2.StreamHeartbeat(timestamp=timestamp_ms(utc_now_ms())))


def _error(reason: str, message: str, *, retryable: bool) -> Event:
    return Event(error=stream_pb2.StreamError(reason=reason, message=message, retryable=retryable))
