"""Commands that other server processes changed: read together, however many notices came of them."""

import asyncio

import structlog

from iotflow_server.commands.commands import Commands
from iotflow_server.errors import Unavailable

# Notices that wait to be looked after; beyond that anything may have changed.
MOST_WAITING = 10_000

log = structlog.get_logger(__name__)


class RemoteCommandRelay:
    """Tells this process's listeners, each command as it is when it is read."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self._changed: set[int] = set()
        self._come = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def changed(self, command_id: int) -> None:
        """Never waits."""
        self._changed.add(command_id)
        if len(self._changed) > MOST_WAITING:
            self._changed.clear()
            self._commands.news.miss()
        self._come.set()

    async def start(self) -> None:
        """Tell from now on, until close."""
        self._task = asyncio.create_task(self._tell_all(), name="commands of other processes")

    async def close(self) -> None:
        """Tell no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _tell_all(self) -> None:
        while True:
            await self._come.wait()
            self._come.clear()
            changed, self._changed = self._changed, set()
            try:
                for command in await self._commands.get_many(sorted(changed)):
                    self._commands.news.hear(command)
            except Unavailable:
                self._commands.news.miss()
            except Exception:
                # Without it, what others change would be found late for ever.
                log.exception("commands of other processes not told")
                self._commands.news.miss()
