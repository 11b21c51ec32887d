"""Commands and configurations that reach devices, and what the devices answer."""

import asyncio
from collections.abc import Mapping
from typing import Any

from iotflow_simulators.models.base import REBOOT, CommandResult
from iotflow_simulators.running.feed import Feed
from iotflow_simulators.running.session import Session
from iotflow_simulators.tasks import OwnedTasks

# Results that a device has for commands that it gets again.
MOST_RESULTS = 1_000


class DeviceCommands:
    """Lets the models of a feed execute commands, between two of its windows."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        # By device, and by the number of the command.
        self._results: dict[int, dict[int, asyncio.Future[CommandResult]]] = {}
        self._tasks = OwnedTasks()

    def command(self, session: Session, number: int, name: str, parameters: Mapping[str, Any]) -> None:
        """A device got a command."""
        self._tasks.start(self._execute(session, number, name, parameters), "command of a device")

    def configured(self, session: Session, desired: Mapping[str, Any]) -> None:
        """A device got its desired configuration."""
        self._tasks.start(self._configure(session, desired), "configuration of a device")

    async def close(self) -> None:
        """Answer nothing any more."""
        await self._tasks.close()

    async def _execute(self, session: Session, number: int, name: str, parameters: Mapping[str, Any]) -> None:
        # The service delivers a command again until it has the result.
        results = self._results.setdefault(session.index, {})
        executing = results.get(number)
        is_new = executing is None
        if executing is None:
            executing = self._tasks.start(self._feed.command(session.index, name, parameters), "result of a command")
            results[number] = executing
            if len(results) > MOST_RESULTS:
                del results[next(iter(results))]
        result = await executing
        session.answer(number, executed=result.executed, result=result.values, message=result.message)
        if is_new and name == REBOOT:
            session.reconnect(clean=True)

    async def _configure(self, session: Session, desired: Mapping[str, Any]) -> None:
        session.report(await self._feed.configure(session.index, desired))
