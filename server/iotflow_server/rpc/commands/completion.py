"""Waiting for the completion of a command."""

import asyncio
from contextlib import AbstractContextManager

from iotflow_server.auth.principal import Principal
from iotflow_server.commands.command import Command
from iotflow_server.commands.commands import Commands
from iotflow_server.devices.change_feed import ChangeSubscription
from iotflow_server.rpc.streams.active_streams import ActiveStreams


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
