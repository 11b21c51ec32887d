"""Waiting for the end of a command that was just sent."""

import asyncio
from contextlib import AbstractContextManager

from iotflow_server.auth.principal import Principal
from iotflow_server.commands.command import Command
from iotflow_server.commands.commands import Commands
from iotflow_server.devices.change_feed import ChangeSubscription
from iotflow_server.rpc.streams.sessions import Sessions


class CommandCompletion:
    """A wait ends early when the server shuts down or the caller's credential is revoked."""

    def __init__(self, commands: Commands, sessions: Sessions) -> None:
        self._commands = commands
        self._sessions = sessions

    def listener(self, device_id: int) -> AbstractContextManager[ChangeSubscription[Command]]:
        """Hears the device's commands end."""
        return self._commands.changes.subscribe(device_id, lambda told: not told.is_open)

    async def wait(
        self, sent: Command, listener: ChangeSubscription[Command], principal: Principal, seconds: float
    ) -> Command:
        """The command when it has ended, or as it is after this time."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        async with self._sessions.open(principal) as session:
            session.ended.add_done_callback(lambda _: listener.wake())
            while sent.is_open and loop.time() < deadline and not session.refusal:
                await listener.wait(deadline - loop.time())
                told, missed = listener.take()
                sent = next((one for one in told if one.id == sent.id), sent)
                if missed:
                    sent = await self._commands.get(sent.id)
        return await self._commands.get(sent.id) if sent.is_open else sent
