"""Commands and configurations that reach devices, and what the devices answer."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from iotflow_simulators.models.base import REBOOT, CommandResult
from iotflow_simulators.running.feed import Feed
from iotflow_simulators.running.session import Session

# Results that a device has for commands that it gets again.
MOST_RESULTS = 1_000


class DeviceCommands:
    """Lets the models of a feed execute commands, between two of its windows."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        # By device, and by the number of the command.
        self._results: dict[int, dict[int, asyncio.Future[CommandResult]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def command(self, session: Session, number: int, name: str, parameters: Mapping[str, Any]) -> None:
        """A device got a command."""
        self._start(self._execute(session, number, name, parameters))

    def configured(self, session: Session, desired: Mapping[str, Any]) -> None:
        """A device got its desired configuration."""
        self._start(self._configure(session, desired))

    def cancel(self) -> None:
        """Answer nothing any more."""
        for task in self._tasks:
            task.cancel()

    async def _execute(self, session: Session, number: int, name: str, parameters: Mapping[str, Any]) -> None:
        # The service delivers a command again until it has the result.
        results = self._results.setdefault(session.index, {})
        executing = results.get(number)
        is_new = executing is None
        if executing is None:
            executing = asyncio.ensure_future(self._feed.command(session.index, name, parameters))
            results[number] = executing
            if len(results) > MOST_RESULTS:
                del results[next(iter(results))]
        result = await executing
        session.answer(number, executed=result.executed, result=result.values, message=result.message)
        if is_new and name == REBOOT:
            session.reconnect(clean=True)

    async def _configure(self, session: Session, desired: Mapping[str, Any]) -> None:
        session.report(await self._feed.configure(session.index, desired))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work, name="answer of a device")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
