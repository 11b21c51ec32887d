"""WatchCommands: streams the changes of commands."""

from collections.abc import AsyncIterator

from iotflow.v1 import command_service_pb2 as wire
from iotflow.v1 import stream_pb2
from iotflow_server.commands.command import Command
from iotflow_server.commands.commands import Commands
from iotflow_server.devices.change_feed import ChangeSubscription
from iotflow_server.rpc.codec import wire_commands
from iotflow_server.rpc.codec.wire_values import timestamp_ms
from iotflow_server.rpc.commands.state_order import CommandStateOrder
from iotflow_server.rpc.streams.active_streams import ActiveStream
from iotflow_server.rpc.streams.events import heartbeat, stream_error
from iotflow_server.telemetry.times import utc_now_ms

Event = wire.WatchCommandsResponse


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
    gap = [Event(missed=stream_pb2.StreamGap(timestamp=timestamp_ms(utc_now_ms())))] if has_gap else []
    return gap + [Event(command=wire_commands.command(one)) for one in changes if order.is_newer(one)] or [
        Event(heartbeat=heartbeat())
    ]
