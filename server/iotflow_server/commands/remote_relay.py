"""Commands that other server processes changed, read in batches and published in this process."""

import asyncio

import structlog

from iotflow_server.commands.commands import Commands
from iotflow_server.errors import Unavailable

# Commands that wait to be read. Above this number the relay publishes a gap instead.
MOST_WAITING = 10_000

log = structlog.get_logger(__name__)


class RemoteCommandRelay:
    """Publishes each command in the state in which it is read."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self._changed: set[int] = set()
        self._arrived = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def add(self, command_id: int) -> None:
        """Queue a command that another process changed. Never waits."""
        self._changed.add(command_id)
        if len(self._changed) > MOST_WAITING:
            self._changed.clear()
            self._commands.changes.mark_gap()
        self._arrived.set()

    async def start(self) -> None:
        """Start the relay, which runs until close."""
        self._task = asyncio.create_task(self._relay(), name="remote command relay")

    async def close(self) -> None:
        """Stop the relay."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _relay(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            changed, self._changed = self._changed, set()
            try:
                for command in await self._commands.get_many(sorted(changed)):
                    self._commands.changes.publish_remote(command)
            except Unavailable:
                self._commands.changes.mark_gap()
            except Exception:
                # Without the relay, changes of other processes would be delayed until the next poll.
                log.exception("command_relay_failed")
                self._commands.changes.mark_gap()
