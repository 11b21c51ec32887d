"""Watching commands: WatchCommands streams their changes, and SendCommand waits for the end of one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager

from cachetools import LRUCache

from iotflow.v1 import command_service_pb2 as wire
from iotflow.words import CommandState
from iotflow_server.auth.principal import Principal
from iotflow_server.commands.command import Command
from iotflow_server.commands.commands import Commands
from iotflow_server.interceptors.errors import stream_error
from iotflow_server.rpc.codec.wire_values import heartbeat, stream_gap
from iotflow_server.rpc.commands.messages import encode_command
from iotflow_server.streams.active_streams import ActiveStream, ActiveStreams
from iotflow_server.streams.change_feed import ChangeSubscription

# A command never returns to a lower rank. A report of the device outranks an expiry and a cancellation.
RANK = {
    CommandState.QUEUED: 0,
    CommandState.DELIVERED: 1,
    CommandState.EXPIRED: 2,
    CommandState.CANCELLED: 2,
    CommandState.SUCCEEDED: 3,
    CommandState.FAILED: 3,
}
MOST_REMEMBERED = 10_000

Event = wire.WatchCommandsResponse


class CommandStateOrder:
    """Filters late and repeated changes. Changes may be published out of order, because transactions commit concurrently."""

    def __init__(self) -> None:
        self._ranks: LRUCache[int, int] = LRUCache(MOST_REMEMBERED)

    def is_newer(self, command: Command) -> bool:
        """Whether the state is newer than all earlier ones of this command. A newer state is remembered."""
        rank = RANK[CommandState(command.state)]
        if rank <= self._ranks.get(command.id, -1):
            return False
        self._ranks[command.id] = rank
        return True


class CommandWatch:
    """Handles WatchCommands. heartbeat: the interval of heartbeats in seconds."""

    def __init__(self, commands: Commands, heartbeat: float) -> None:
        self._commands = commands
        self._heartbeat = heartbeat

    async def events(self, request: wire.WatchCommandsRequest, active_stream: ActiveStream) -> AsyncIterator[Event]:
        """The events of one stream. If the stream fails after the first event, the last event is the error."""
        command_id = request.command_id
        first = await self._commands.get(command_id) if command_id else None
        device_id = first.device_id if first else request.device_id or None
        with self._commands.changes.subscribe(device_id, lambda change: command_id in (0, change.id)) as subscription:
            active_stream.ended.add_done_callback(lambda _: subscription.wake())
            order = CommandStateOrder()
            yield Event(heartbeat=heartbeat())
            try:
                if command_id:
                    subscription.offer(await self._commands.get(command_id))
                while True:
                    await subscription.wait(self._heartbeat)
                    for event in _events(subscription, order):
                        yield event
                    if active_stream.end_error:
                        raise active_stream.end_error
            except Exception as error:
                yield Event(error=stream_error(error))
                raise


def _events(subscription: ChangeSubscription[Command], order: CommandStateOrder) -> list[Event]:
    """The queued changes, or a heartbeat if there are none."""
    changes, has_gap = subscription.take()
    gap = [Event(missed=stream_gap())] if has_gap else []
    return gap + [Event(command=encode_command(one)) for one in changes if order.is_newer(one)] or [
        Event(heartbeat=heartbeat())
    ]


class CommandCompletion:
    """A wait ends early when the server shuts down or the caller's credential is revoked."""

    def __init__(self, commands: Commands, active_streams: ActiveStreams) -> None:
        self._commands = commands
        self._active_streams = active_streams

    def subscribe(self, device_id: int) -> AbstractContextManager[ChangeSubscription[Command]]:
        """Subscribe to the completion of the commands of this device."""
        return self._commands.changes.subscribe(device_id, lambda change: not change.is_open)

    async def wait(
        self, sent: Command, subscription: ChangeSubscription[Command], principal: Principal, seconds: float
    ) -> Command:
        """Wait until the command has ended, at most this many seconds. Returns its current state."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        async with self._active_streams.open(principal) as active_stream:
            active_stream.ended.add_done_callback(lambda _: subscription.wake())
            while sent.is_open and loop.time() < deadline and not active_stream.end_error:
                await subscription.wait(deadline - loop.time())
                changes, has_gap = subscription.take()
                sent = next((one for one in changes if one.id == sent.id), sent)
                if has_gap:
                    sent = await self._commands.get(sent.id)
        return await self._commands.get(sent.id) if sent.is_open else sent
