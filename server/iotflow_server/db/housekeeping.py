"""What happens to commands and configurations by the clock alone: they expire, and old ones are removed."""

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

# Commands that other processes were sent expire in them; these look after those of a process that has died.
LOOK_AGAIN_SECONDS = 30.0
PRUNE_SECONDS = 3_600.0
# Rows removed in one transaction: others want to write, too.
PIECE = 1_000

log = structlog.get_logger(__name__)


class Expiry:
    """Ends commands when their time is over, whether or not somebody asks for them."""

    def __init__(self, commands: Commands, clock: Callable[[], datetime] = utc_now) -> None:
        self._commands = commands
        self._clock = clock
        self._next: datetime | None = None

    async def run(self) -> None:
        """Until cancelled."""
        with self._commands.changes.subscribe(None, self._is_sooner) as listener:
            while True:
                listener.take()
                # Until it is known again, any is sooner.
                self._next = None
                self._next = await self._commands.expire()
                wait = LOOK_AGAIN_SECONDS
                if self._next is not None:
                    wait = min(wait, max(0.0, (self._next - self._clock()).total_seconds()))
                await listener.wait(wait)

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
        """Until cancelled."""
        while True:
            if self._settled():
                await self.prune()
            await asyncio.sleep(PRUNE_SECONDS)

    async def prune(self) -> None:
        """Remove all that is too old now. Raises Unavailable."""
        before = self._clock() - self._age
        for old, remove in (_old_commands(before), _old_versions(before)):
            # A look first: mostly there is nothing, and a write would wait for others.
            while await self._database.read(lambda connection: connection.execute(old).first()):  # noqa: B023
                await self._database.write(lambda connection: connection.execute(remove))  # noqa: B023


def _old_commands(before: datetime) -> tuple[Select[Any], Delete]:
    old = select(CommandRow.id).where(CommandRow.finished_at < before).limit(PIECE)
    return old, delete(CommandRow).where(CommandRow.id.in_(old))


def _old_versions(before: datetime) -> tuple[Select[Any, Any], Delete]:
    """The newest version of a device is in force, however old it is."""
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
    """Both, for as long as the process runs. history: how long what is over is kept; None: for ever."""

    def __init__(self, database: Database, commands: Commands, history: timedelta | None) -> None:
        self._works = [Expiry(commands).run]
        if history is not None:
            self._works.append(Pruning(database, history).run)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin; the database may be away."""
        self._tasks = [asyncio.create_task(_kept_running(work), name=work.__qualname__) for work in self._works]

    async def close(self) -> None:
        """Stop."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _kept_running(work: Callable[[], Awaitable[None]]) -> None:
    """Again some time after it has failed."""
    while True:
        try:
            await work()
        except DomainError as refusal:
            log.debug("housekeeping put off", reason=refusal.reason)
        except Exception:
            # Without it, tables would grow and commands stay for ever.
            log.exception("housekeeping failed")
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
