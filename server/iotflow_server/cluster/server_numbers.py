"""Numbers of the servers that share a registry, from which each derives its own timestamps."""

import asyncio
import platform
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from iotflow_server.auth.secret_files import kept_secret
from iotflow_server.db.database import Database
from iotflow_server.db.models import ServerRow
from iotflow_server.devices.device import utc_now
from iotflow_server.errors import DomainError, Unavailable
from iotflow_server.process import CannotStart

SERVER_ID = "server-id"
MOST_SERVERS = 11
# A server renews its number at this interval. A number that was not renewed for so long goes to another server: containers, for
# example, get a new name at each start.
RENEW_SECONDS, FORGOTTEN = 60.0, timedelta(minutes=10)
# Among servers that start together, at least one gets a number with each attempt.
TRIES = 2 * MOST_SERVERS

log = structlog.get_logger(__name__)


def identity_in(folder: Path) -> str:
    """Identity of the server with this data folder; a copy of the folder on another machine is another server."""
    return f"{kept_secret(folder, SERVER_ID)}@{platform.node()}"


class ServerNumber:
    """The number of this server, renewed while it runs. changed: called with the new number if another server took this one while
    the registry was unreachable."""

    def __init__(self, database: Database, identity: str, clock: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._identity = identity
        self._clock = clock
        self._number = 0
        self._task: asyncio.Task[None] | None = None

    async def start(self, changed: Callable[[int], None]) -> None:
        """Acquire a number. Raises CannotStart if all numbers are taken, Unavailable."""
        self._number = await server_number(self._database, self._identity, self._clock)
        changed(self._number)
        self._task = asyncio.create_task(self._renew_regularly(changed), name="server number")

    async def close(self) -> None:
        """Stop renewing."""
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def renew(self, changed: Callable[[int], None]) -> None:
        """Renew the number. Raises CannotStart, Unavailable."""
        number = await server_number(self._database, self._identity, self._clock)
        if number != self._number:
            log.warning("server_number_changed", before=self._number, after=number)
            self._number = number
            changed(number)

    async def _renew_regularly(self, changed: Callable[[int], None]) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            try:
                await self.renew(changed)
            except (DomainError, CannotStart) as problem:
                log.warning("server_number_not_renewed", problem=str(problem))
            except Exception:
                # This task must go on: otherwise another server would get the number.
                log.exception("server_number_not_renewed")


async def server_number(database: Database, identity: str, clock: Callable[[], datetime] = utc_now) -> int:
    """Acquire or renew the number of a server, from 1; unique among servers. Raises CannotStart if all are taken, Unavailable."""
    for _ in range(TRIES):
        number = await database.write(lambda connection: _take(connection, identity, clock()))
        if number:
            return number
    raise Unavailable("SERVER_NUMBER", "Other servers are starting at the same time; start this server again.")


def _take(connection: Connection, identity: str, now: datetime) -> int:
    """Returns 0 if another server took the number first."""
    own = connection.execute(select(ServerRow.number).where(ServerRow.identity == identity)).scalar()
    if own:
        connection.execute(update(ServerRow).where(ServerRow.number == own).values(renewed_at=now))
        return int(own)
    connection.execute(delete(ServerRow).where(ServerRow.renewed_at < now - FORGOTTEN))
    taken = set(connection.execute(select(ServerRow.number)).scalars())
    free = [number for number in range(1, MOST_SERVERS + 1) if number not in taken]
    if not free:
        raise CannotStart(
            f"{MOST_SERVERS} servers share this registry, the largest supported number; stop one of them first."
        )
    with connection.begin_nested() as attempt:
        try:
            connection.execute(insert(ServerRow).values(number=free[0], identity=identity, renewed_at=now))
        except IntegrityError:
            attempt.rollback()
            return 0
    return free[0]
