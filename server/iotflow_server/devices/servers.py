"""The numbers of the servers that share a registry: what each may give out without asking the others."""

import platform
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from iotflow_server.devices.database import Database
from iotflow_server.devices.device import utc_now
from iotflow_server.devices.models import ServerRow
from iotflow_server.errors import Unavailable
from iotflow_server.secret_files import kept_secret
from iotflow_server.starting import CannotStart

SERVER_ID = "server-id"
MOST_SERVERS = 11
# The number of a server that has not been started for so long goes to another one.
FORGOTTEN = timedelta(days=30)
# In each try of those that start together one gets a number.
TRIES = 2 * MOST_SERVERS


def identity_in(folder: Path) -> str:
    """Of the server of this data folder: a copy of the folder on another machine is another server."""
    return f"{kept_secret(folder, SERVER_ID)}@{platform.node()}"


async def server_number(database: Database, identity: str, clock: Callable[[], datetime] = utc_now) -> int:
    """From 1, the same at each start, no other server's. Raises CannotStart where all are taken, Unavailable."""
    for _ in range(TRIES):
        number = await database.write(lambda connection: _take(connection, identity, clock()))
        if number:
            return number
    raise Unavailable("SERVER_NUMBER", "other servers start at the same time; start this one again")


def _take(connection: Connection, identity: str, now: datetime) -> int:
    """0: another server was quicker."""
    own = connection.execute(select(ServerRow.number).where(ServerRow.identity == identity)).scalar()
    if own:
        connection.execute(update(ServerRow).where(ServerRow.number == own).values(started_at=now))
        return int(own)
    connection.execute(delete(ServerRow).where(ServerRow.started_at < now - FORGOTTEN))
    taken = set(connection.execute(select(ServerRow.number)).scalars())
    free = [number for number in range(1, MOST_SERVERS + 1) if number not in taken]
    if not free:
        raise CannotStart(f"{MOST_SERVERS} servers share this registry already, the most that can")
    with connection.begin_nested() as attempt:
        try:
            connection.execute(insert(ServerRow).values(number=free[0], identity=identity, started_at=now))
        except IntegrityError:
            attempt.rollback()
            return 0
    return free[0]
