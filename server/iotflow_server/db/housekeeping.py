"""Periodic tasks: commands expire, and old commands and configurations are removed."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Delete, Select, delete, select, tuple_
from sqlalchemy.orm import aliased

from iotflow_server.clock import CLOCK
from iotflow_server.commands.command import Command
from iotflow_server.commands.commands import Commands
from iotflow_server.db.database import Database
from iotflow_server.db.models import CommandRow, DesiredRow
from iotflow_server.devices.device import utc_now
from iotflow_server.errors import DomainError

# The interval of the search for commands of other processes, which may have ended before they expired them.
INTERVAL_SECONDS = 30.0
PRUNE_SECONDS = 3_600.0
# Rows removed in one transaction, so that other writers do not wait long.
PIECE = 1_000

log = structlog.get_logger(__name__)


class Expiry:
    """Expires commands at their expiry time."""

    def __init__(self, commands: Commands, clock: Callable[[], datetime] = utc_now) -> None:
        self._commands = commands
        self._clock = clock
        self._next: datetime | None = None

    async def run(self) -> None:
        """Run until cancelled."""
        with self._commands.changes.subscribe(None, self._is_sooner) as subscription:
            while True:
                subscription.take()
                # While the next expiry is unknown, every command counts as sooner.
                self._next = None
                self._next = await self._commands.expire()
                wait = INTERVAL_SECONDS
                if self._next is not None:
                    wait = min(wait, (self._next - self._clock()).total_seconds())
                await subscription.wait(wait)

    def _is_sooner(self, command: Command) -> bool:
        ends = command.expires_at if command.is_open else None
        return ends is not None and (self._next is None or ends < self._next)


class Pruning:
    """Removes finished commands and earlier desired versions that are older than `age`."""

    def __init__(
        self,
        database: Database,
        age: timedelta,
        clock: Callable[[], datetime] = utc_now,
        settled: Callable[[], bool] = CLOCK.is_settled,
    ) -> None:
        self._database = database
        self._age = age
        self._clock = clock
        self._settled = settled

    async def run(self) -> None:
        """Run until cancelled."""
        while True:
            if self._settled():
                await self.prune()
            await asyncio.sleep(PRUNE_SECONDS)

    async def prune(self) -> None:
        """Remove all rows above the age. Raises Unavailable."""
        before = self._clock() - self._age
        for old, remove in (_old_commands(before), _old_versions(before)):
            # A read first: usually there is nothing to remove, and a write would wait for other writers.
            while await self._database.read(lambda connection: connection.execute(old).first()):  # noqa: B023
                await self._database.write(lambda connection: connection.execute(remove))  # noqa: B023


def _old_commands(before: datetime) -> tuple[Select[Any], Delete]:
    old = select(CommandRow.id).where(CommandRow.finished_at < before).limit(PIECE)
    return old, delete(CommandRow).where(CommandRow.id.in_(old))


def _old_versions(before: datetime) -> tuple[Select[Any, Any], Delete]:
    """Versions that have a successor: the newest version of a device is kept regardless of its age."""
    later = aliased(DesiredRow)
    is_followed = (
        select(later.version)
        .where(later.device_id == DesiredRow.device_id, later.version > DesiredRow.version)
        .correlate(DesiredRow)
        .exists()
    )
    keys = (DesiredRow.device_id, DesiredRow.version)
    old = select(*keys).where(DesiredRow.created_at < before, is_followed).limit(PIECE)
    return old, delete(DesiredRow).where(tuple_(*keys).in_(old))


class Housekeeping:
    """Runs these tasks, and others. history: the retention of finished commands and earlier versions; None: no limit."""

    def __init__(
        self, database: Database, commands: Commands, history: timedelta | None, *others: Callable[[], Awaitable[None]]
    ) -> None:
        self._runs = [Expiry(commands).run, *others]
        if history is not None:
            self._runs.append(Pruning(database, history).run)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start the tasks; the database may be unavailable."""
        self._tasks = [asyncio.create_task(_kept_running(run), name=run.__qualname__) for run in self._runs]

    async def close(self) -> None:
        """Stop the tasks."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _kept_running(run: Callable[[], Awaitable[None]]) -> None:
    """Restart it some time after a failure."""
    while True:
        try:
            await run()
        except DomainError as refusal:
            log.debug("housekeeping_skipped", reason=refusal.reason)
        except Exception:
            # Without the task, tables would grow and commands would not expire.
            log.exception("housekeeping_failed")
        await asyncio.sleep(INTERVAL_SECONDS)
